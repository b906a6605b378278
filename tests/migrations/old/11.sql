-- Old step 11: plans, error reports. Safe to repeat.
ALTER TABLE "company" ADD COLUMN IF NOT EXISTS "plan" text DEFAULT 'hobby' NOT NULL;
ALTER TABLE "company" ADD COLUMN IF NOT EXISTS "billingId" text DEFAULT '' NOT NULL;
ALTER TABLE "company" ADD COLUMN IF NOT EXISTS "flags" jsonb DEFAULT '{}' NOT NULL;
CREATE TABLE IF NOT EXISTS "errorLog" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "data" jsonb NOT NULL, "status" text NOT NULL
);
