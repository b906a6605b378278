-- Old step 8: whose share. Safe to repeat.
ALTER TABLE "externalAppUser"
    ADD COLUMN IF NOT EXISTS "companyId" uuid REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE;
UPDATE "externalAppUser" SET "companyId" = "environment"."companyId" FROM "environment"
 WHERE "externalAppUser"."companyId" IS NULL AND "environment"."id" = "externalAppUser"."environmentId";
ALTER TABLE "externalAppUser" ALTER COLUMN "companyId" SET NOT NULL;
