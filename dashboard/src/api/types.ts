/** What the server answers; only the keys that we use. */
import type { Theme } from "../model/theme";

export interface App {
  name: string;
  route: string;
  description?: string | null;
  hidden?: boolean;
  parentAppRoute?: string | null;
  navId?: string | null;
}

export interface Nav {
  id: string;
  items: { label: string; route: string }[];
  logoUrl?: string | null;
}

export type EnvironmentKind = "development" | "production";

export interface User {
  id: string;
  firstName: string;
  lastName: string;
  email: string;
  permission: "owner" | "admin" | "app-manager" | "member" | "guest";
  developmentEnvironmentId: string | null;
  metadata?: Record<string, boolean> | null;
  isExternal?: boolean;
}

/** Answer of `initialize-environment-and-authorize-app`. */
export interface AppStart {
  app: App;
  user: User | { isExternal: boolean };
  environment: {
    name: string;
    type: EnvironmentKind;
    theme: Theme | null;
    apps: App[];
    navs?: Nav[];
    sdkPackageName?: string;
    sdkPackageVersion?: string;
  };
  companyName: string;
}

export interface Share {
  email: string;
  appRoute: string;
}

export interface Environment {
  id: string;
  name: string;
  type: EnvironmentKind;
  apps: App[];
  theme: Theme | null;
  data?: { packageName?: string; packageVersion?: string; navs?: Nav[] } | null;
  updatedAt: string;
  key?: string | null;
  externalAppUsers: Share[];
}

/** Answer of `initialize`. */
export interface Home {
  company: { id: string; name: string; plan: string };
  user: User;
  environments: Environment[];
}

/** A way to sign in. `start` null: Google's flow with a token in the browser. */
export interface Provider {
  id: string;
  name: string;
  start: string | null;
}
