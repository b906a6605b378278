-- Old step 17. Safe to repeat.
ALTER TABLE "user" ADD COLUMN IF NOT EXISTS "metadata" jsonb DEFAULT '{}' NOT NULL;
ALTER TABLE "user" ALTER COLUMN "metadata" DROP DEFAULT;
