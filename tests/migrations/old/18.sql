-- Old step 18. Safe to repeat.
ALTER TABLE "log" ADD COLUMN IF NOT EXISTS "environmentType" text DEFAULT 'unspecified' NOT NULL;
UPDATE "log" SET "environmentType" = "environment"."type" FROM "environment"
 WHERE "environment"."id" = "log"."environmentId";
