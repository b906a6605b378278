/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { appPage } from "./build/app-page";
import { compressed } from "./build/compress";

// The address of a running server for `npm run dev`.
const server = process.env.COMPOSE_SERVER ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), appPage(), compressed()],
  build: {
    target: "es2022",
    // The Content-Security-Policy allows no inline script and no data: script; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // 13 kB in all, compressed. One file is there from the start; many would be one more thing that a late part waits for.
    cssCodeSplit: false,
  },
  server: {
    // The server compares `Origin` with `Host`: keep the browser's own.
    proxy: { "/api": { target: server, ws: true, changeOrigin: false }, "/health-check": server },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Machines are slow when they are busy; a test that hangs is told soon enough.
    testTimeout: 30_000,
  },
});
