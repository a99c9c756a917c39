export function sleep(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Whether it came true in time. */
export async function until(
  cameTrue: () => boolean | Promise<boolean>,
  milliseconds: number,
  pause = 20,
): Promise<boolean> {
  const end = Date.now() + milliseconds;
  for (;;) {
    if (await cameTrue()) return true;
    if (Date.now() >= end) return false;
    await sleep(pause);
  }
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
