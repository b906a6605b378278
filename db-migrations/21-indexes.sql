-- Indexes for look-ups, and for the foreign keys that every delete of a parent has to search.
--
-- Built while others go on writing, so outside of any transaction: one statement each, nothing else in this file. None is
-- unique and none is over text of unlimited length: the old server must be able to write whatever it could write before.

CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_externalAppUser_environmentId_idx" ON "externalAppUser" ("environmentId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_externalAppUser_companyId_idx" ON "externalAppUser" ("companyId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_externalAppUser_createdByUserId_idx" ON "externalAppUser" ("createdByUserId") WHERE "createdByUserId" IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_user_lower_email_idx" ON "user" (lower("email"));
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_user_developmentEnvironmentId_idx" ON "user" ("developmentEnvironmentId") WHERE "developmentEnvironmentId" IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_emailCode_companyId_idx" ON "emailCode" ("companyId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_session_companyId_idx" ON "session" ("companyId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_session_expiresAt_idx" ON "session" ("expiresAt");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_log_environmentId_idx" ON "log" ("environmentId") WHERE "environmentId" IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_log_userId_idx" ON "log" ("userId") WHERE "userId" IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_log_page_idx" ON "log" ("companyId", "createdAt" DESC, "id" DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_report_createdByUserId_idx" ON "report" ("createdByUserId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_report_updatedByUserId_idx" ON "report" ("updatedByUserId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_reportUser_userId_idx" ON "reportUser" ("userId");
CREATE INDEX CONCURRENTLY IF NOT EXISTS "relay_reportUser_reportId_idx" ON "reportUser" ("reportId");
