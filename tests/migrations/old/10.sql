-- Old step 10: invites. Safe to repeat.
CREATE TABLE IF NOT EXISTS "emailCode" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    "companyId" uuid REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "email" text NOT NULL, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, "expiresAt" timestamptz NOT NULL,
    "metadata" jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS "emailCode_id_idx" ON "emailCode" ("id");
