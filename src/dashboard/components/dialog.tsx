/* A modal <dialog>: the browser keeps the focus inside, Escape and a click outside close it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: Props): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();

  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected)
        before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref} class="dialog" aria-labelledby={id} onClose={onClose}
      onPointerDown={(event) => {
        if (event.target === ref.current)
          onClose();
      }}
    >
      <div class="dialog-body">
        <h2 id={id}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}
