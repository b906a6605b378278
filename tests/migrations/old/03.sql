-- Old step 3. Safe to repeat.
ALTER TABLE "environment" ADD COLUMN IF NOT EXISTS "theme" jsonb;
