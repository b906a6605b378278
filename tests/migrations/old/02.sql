-- Old step 2: sessions. Safe to repeat.
CREATE TABLE IF NOT EXISTS "session" (
    "id" text PRIMARY KEY,
    "userId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "expiresAt" timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS "session_id_idx" ON "session" ("id");
CREATE INDEX IF NOT EXISTS "session_userId_idx" ON "session" ("userId");
