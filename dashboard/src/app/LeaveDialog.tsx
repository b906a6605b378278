import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { Button } from "../ui/Button";
import styles from "./dialogs.module.css";

/** Asked before a form that was begun is left. */
export function LeaveDialog({ stay, leave }: { stay: () => void; leave: () => void }) {
  return (
    <ModalOverlay className={styles.overlay} isOpen isDismissable onOpenChange={(open) => !open && stay()}>
      <Modal className={styles.modal} data-width="sm">
        <Dialog role="alertdialog" className={styles.dialog}>
          <Heading slot="title" className={styles.title}>
            Leave without sending?
          </Heading>
          <p className={styles.message}>What you have typed into the form will be lost.</p>
          <div className={styles.actions}>
            <Button appearance="outline" onPress={stay} autoFocus>
              Stay
            </Button>
            <Button appearance="danger" onPress={leave}>
              Leave
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
