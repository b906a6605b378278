import { useId, useState } from "react";
import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { usePageContext, usePageState, useTopic } from "../components/hooks";
import { RenderRoot } from "../components/Render";
import { topic } from "../model/topic";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import styles from "./dialogs.module.css";

/** The modals of an app, the newest on top, and its confirm question. */
export function Dialogs() {
  const { modalIds, confirm } = usePageState();
  return (
    <>
      {modalIds.map((id) => (
        <AppModal key={id} renderId={id} />
      ))}
      {confirm && <ConfirmDialog key={confirm.id} />}
    </>
  );
}

function AppModal({ renderId }: { renderId: string }) {
  const { execution } = usePageContext();
  const modal = useTopic(topic.page, (from) => from.render(renderId)?.modal);
  const { loading } = usePageState();
  if (!modal) return null;
  return (
    <ModalOverlay
      className={styles.overlay}
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) execution.closeModal(renderId);
      }}
    >
      <Modal className={styles.modal} data-width={modal.width}>
        <Dialog className={styles.dialog} aria-label={modal.header ? undefined : "Dialog"}>
          <div className={styles.head}>
            {modal.header && (
              <Heading slot="title" className={styles.title}>
                {modal.header}
              </Heading>
            )}
            <Button appearance="plain" aria-label="Close" onPress={() => execution.closeModal(renderId)}>
              <Icon name="cross" />
            </Button>
          </div>
          <div className={styles.body} inert={loading?.disableInteraction === true}>
            <RenderRoot renderId={renderId} />
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function ConfirmDialog() {
  const { execution, blocked, toast } = usePageContext();
  const { confirm } = usePageState();
  const [typed, setTyped] = useState("");
  const field = useId();
  if (!confirm) return null;
  const wanted = confirm.typeToConfirmText;
  const ready = !wanted || typed === wanted;
  /** The app waits for the answer: it is not given away while it cannot be sent. */
  const answer = (response: boolean) => {
    if (blocked) toast(blocked, "warning");
    else execution.answerConfirm(response);
  };
  return (
    <ModalOverlay
      className={styles.overlay}
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) answer(false);
      }}
    >
      <Modal className={styles.modal} data-width="sm">
        <Dialog role="alertdialog" className={styles.dialog}>
          <Heading slot="title" className={styles.title}>
            {confirm.title || "Confirm"}
          </Heading>
          <form
            className={styles.confirm}
            onSubmit={(event) => {
              event.preventDefault();
              if (ready) answer(true);
            }}
          >
            <p className={styles.message}>{confirm.message || "Are you sure?"}</p>
            {wanted && (
              <div className={styles.type}>
                <label htmlFor={field}>
                  Type <b>{wanted}</b> to confirm
                </label>
                <input
                  id={field}
                  className={styles.field}
                  value={typed}
                  autoFocus
                  autoComplete="off"
                  spellCheck={false}
                  onChange={(event) => setTyped(event.target.value)}
                />
              </div>
            )}
            <div className={styles.actions}>
              <Button appearance="outline" onPress={() => answer(false)} autoFocus={!wanted}>
                {confirm.cancelButtonLabel || "No"}
              </Button>
              <Button
                type="submit"
                appearance={confirm.appearance ?? "primary"}
                unavailable={blocked ?? (ready ? null : "Type the text first.")}
              >
                {confirm.confirmButtonLabel || "Yes"}
              </Button>
            </div>
          </form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
