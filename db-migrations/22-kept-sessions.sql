-- What a server leaves to the one that takes its place: which executions each open page had, and the messages that wait for
-- the page. Written when a server stops, taken when the page or its SDK comes back, worthless after a few minutes.

CREATE TABLE IF NOT EXISTS "relay_kept_session" (
    "environmentId" uuid NOT NULL,
    "sessionId" uuid NOT NULL,
    "login" text NOT NULL,
    "userId" uuid,
    "companyId" uuid,
    "email" text,
    "appRoute" text NOT NULL,
    "executions" jsonb NOT NULL,
    "frames" bytea NOT NULL,
    "expiresAt" timestamptz NOT NULL,
    PRIMARY KEY ("environmentId", "sessionId")
);

CREATE INDEX IF NOT EXISTS "relay_kept_session_expiresAt_idx" ON "relay_kept_session" ("expiresAt");
