/** Our mark, with or without the name. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--primary)" />
      <path d="M9 11h9M9 16h14M9 21h6" stroke="var(--on-primary)" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}
