import { Dialog, DialogTrigger, Popover } from "react-aria-components";
import type { AppStart } from "../api/types";
import type { Status } from "../protocol/session";
import { Button } from "../ui/Button";
import { LinkButton } from "../ui/LinkButton";
import { SchemeSwitch } from "../ui/SchemeSwitch";
import styles from "./status.module.css";

const WORDS: Record<Status["kind"], string> = {
  connecting: "Connecting",
  "browser-offline": "You are offline",
  reconnecting: "Connection lost",
  updating: "Server update",
  "environment-offline": "App’s server not connected",
  online: "Connected",
  revoked: "No access",
  closed: "Not connected",
};

/** The small control in the corner: how the connection is, restart, the way home, light or dark. */
export function StatusControl({
  status,
  grant,
  hasTheme,
  restart,
}: {
  status: Status;
  grant: AppStart;
  hasTheme: boolean;
  restart: () => void;
}) {
  const words = WORDS[status.kind];
  const { environment, app, user } = grant;
  const sdk = [environment.sdkPackageName, environment.sdkPackageVersion].filter(Boolean).join(" ");
  return (
    <div className={styles.corner} data-screen-only>
      <DialogTrigger>
        <Button appearance="outline" aria-label={`App menu. ${words}`}>
          <span className="with-icon">
            <span className={styles.dot} data-kind={status.kind} />
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false" fill="currentColor">
              <circle cx="3" cy="8" r="1.4" />
              <circle cx="8" cy="8" r="1.4" />
              <circle cx="13" cy="8" r="1.4" />
            </svg>
          </span>
        </Button>
        <Popover placement="bottom end" className={styles.popover}>
          <Dialog aria-label="App menu" className={styles.dialog}>
            {({ close }) => (
              <>
                <div>
                  <p className={styles.name}>{app.name || app.route}</p>
                  <p className={styles.facts}>
                    <span className={styles.dot} data-kind={status.kind} /> {words}
                  </p>
                  {!user.isExternal && (
                    <p className={styles.facts}>
                      {environment.name}
                      {sdk && ` · ${sdk}`}
                    </p>
                  )}
                </div>
                <Button
                  appearance="outline"
                  onPress={() => {
                    close();
                    restart();
                  }}
                >
                  Restart the app
                </Button>
                {!user.isExternal && (
                  <LinkButton to="/home" appearance="outline" onClick={close}>
                    Home
                  </LinkButton>
                )}
                <div className={styles.scheme}>
                  <span>Colours</span>
                  <SchemeSwitch disabledReason={hasTheme ? "This app has its own colours" : undefined} />
                </div>
                {user.isExternal && <p className={styles.product}>Made with Compose</p>}
              </>
            )}
          </Dialog>
        </Popover>
      </DialogTrigger>
      <p className="visually-hidden" role="status">
        {status.kind === "online" ? "" : words}
      </p>
    </div>
  );
}
