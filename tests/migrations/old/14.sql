-- Old step 14: roles. Safe to repeat.
ALTER TABLE "user" ADD COLUMN IF NOT EXISTS "permission" text DEFAULT 'owner' NOT NULL;
ALTER TABLE "user" ALTER COLUMN "permission" DROP DEFAULT;
