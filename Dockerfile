# syntax=docker/dockerfile:1
# docker build -t compose-relay .
# Three stages: the dashboard, the program (static, so that the last stage needs nothing), the image that runs.

FROM node:22-bookworm-slim AS dashboard
WORKDIR /src/dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci
COPY dashboard ./
RUN npm run build

FROM rust:1.95-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=dashboard /src/dashboard/dist dashboard/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    ./dev build-static /compose-relay
# What the last stage takes over: an owner for its one directory that is written to.
RUN mkdir -p /state && chown 65532:65532 /state && chmod 0700 /state

FROM scratch
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=program /compose-relay /compose-relay
COPY --from=program --chown=65532:65532 /state /var/lib/compose-relay
# No account of this number exists: there is no /etc/passwd.
USER 65532:65532
# GLIBC_TUNABLES: on AMD processors the library in Debian 12 copies larger blocks slowly (glibc's bug 30994).
ENV NODE_ENV=production STATE_DIRECTORY=/var/lib/compose-relay \
    GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824
# 443 and 80 when a certificate is set up (DOMAIN or TLS_CERT_FILE), else 8080 for a proxy in front.
EXPOSE 443 80 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=90s CMD ["/compose-relay", "health"]
ENTRYPOINT ["/compose-relay"]
CMD ["serve"]
