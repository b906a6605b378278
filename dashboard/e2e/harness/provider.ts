// An OpenID Connect provider, so that people besides the owner can sign in: discovery, authorization code with PKCE, a signed
// ID token. It asks nobody anything: whoever `person` names is signed in.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const CLIENT = "compose-e2e";

interface Grant {
  nonce: string | null;
  challenge: string | null;
  email: string;
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class Provider {
  /** Who signs in next. */
  person = "nobody@example.com";
  private readonly grants = new Map<string, Grant>();
  private readonly pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  private server: Server | undefined;

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.answer(request).then(({ status = 200, location, body }) => {
        response.writeHead(status, { "content-type": "application/json", ...(location ? { location } : {}) });
        response.end(body === undefined ? "" : JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.server = server;
  }

  stop() {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  get issuer(): string {
    const address = this.server?.address() as AddressInfo | undefined;
    return `http://127.0.0.1:${address?.port}`;
  }

  /** The settings of a server that trusts this provider. */
  get settings(): Record<string, string> {
    return { OIDC_ISSUER_URL: this.issuer, OIDC_CLIENT_ID: CLIENT, OIDC_CLIENT_SECRET: "e2e" };
  }

  private async answer(request: IncomingMessage): Promise<{ status?: number; location?: string; body?: unknown }> {
    const url = new URL(request.url ?? "/", this.issuer);
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return {
          body: {
            issuer: this.issuer,
            authorization_endpoint: `${this.issuer}/authorize`,
            token_endpoint: `${this.issuer}/token`,
            jwks_uri: `${this.issuer}/keys`,
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
          },
        };
      case "/keys": {
        const key = this.pair.publicKey.export({ format: "jwk" });
        return { body: { keys: [{ ...key, kid: "e2e", alg: "RS256", use: "sig" }] } };
      }
      case "/authorize": {
        const code = randomUUID();
        const { searchParams: query } = url;
        const grant = { nonce: query.get("nonce"), challenge: query.get("code_challenge"), email: this.person };
        this.grants.set(code, grant);
        const back = new URL(query.get("redirect_uri") ?? "");
        back.searchParams.set("code", code);
        back.searchParams.set("state", query.get("state") ?? "");
        return { status: 302, location: back.href };
      }
      case "/token":
        return this.token(new URLSearchParams(await text(request)));
      default:
        return { status: 404, body: {} };
    }
  }

  private token(form: URLSearchParams) {
    const code = form.get("code") ?? "";
    const grant = this.grants.get(code);
    this.grants.delete(code);
    const proof = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (!grant || proof !== grant.challenge) return { status: 400, body: { error: "invalid_grant" } };
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: this.issuer,
      aud: CLIENT,
      sub: grant.email,
      iat: now,
      exp: now + 300,
      nonce: grant.nonce,
      email: grant.email,
      email_verified: true,
    };
    const signed = `${base64url({ alg: "RS256", kid: "e2e", typ: "JWT" })}.${base64url(claims)}`;
    const signature = sign("RSA-SHA256", Buffer.from(signed), this.pair.privateKey).toString("base64url");
    return { body: { access_token: "e2e", token_type: "Bearer", expires_in: 300, id_token: `${signed}.${signature}` } };
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let whole = "";
  for await (const part of request) whole += part;
  return whole;
}
