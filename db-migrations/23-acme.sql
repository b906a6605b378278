-- Certificates by ACME: what all processes on one database share, so that one of them orders and all have the result.

-- The account at a certificate authority.
CREATE TABLE IF NOT EXISTS relay_acme_account (
    directory text PRIMARY KEY, -- ACME_DIRECTORY_URL
    credentials text NOT NULL, -- sealed: it holds the key of the account
    created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- One host name: its certificate, who orders now, and what became of the last attempt.
CREATE TABLE IF NOT EXISTS relay_acme_domain (
    directory text NOT NULL,
    domain text NOT NULL, -- lower case, as A-labels
    chain text, -- PEM, own certificate first; null until there is one
    private_key text, -- sealed
    not_after timestamptz,
    issued_at timestamptz,
    holder uuid, -- the process that orders
    held_until timestamptz, -- after this another may
    failures integer NOT NULL DEFAULT 0, -- attempts since the last success
    next_attempt_at timestamptz, -- nobody tries before this
    last_error text,
    PRIMARY KEY (directory, domain)
);

-- Answers that a certificate authority may ask any of the processes for.
CREATE TABLE IF NOT EXISTS relay_acme_challenge (
    domain text NOT NULL,
    kind text NOT NULL, -- 'tls-alpn-01' or 'http-01'
    token text NOT NULL,
    key_authorization text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (kind, domain, token)
);
