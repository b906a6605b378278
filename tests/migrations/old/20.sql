-- Old step 20: reports. Safe to repeat.
CREATE TABLE IF NOT EXISTS "report" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "createdByUserId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE SET NULL,
    "updatedByUserId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE SET NULL,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "title" text NOT NULL, "description" text, "data" jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS "report_companyId_idx" ON "report" ("companyId");
CREATE TABLE IF NOT EXISTS "reportUser" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "createdByUserId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE SET NULL,
    "userId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "reportId" uuid NOT NULL REFERENCES "report" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "permission" jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS "reportUser_companyId_userId_idx" ON "reportUser" ("companyId", "userId");
