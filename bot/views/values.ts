/** A value of a modal's state, as far as our inputs have one. */
interface StateValue {
  readonly value?: string | null;
  readonly selected_option?: { readonly value?: string } | null;
  readonly selected_user?: string | null;
  readonly selected_options?: readonly { readonly value?: string }[];
}

/** What was typed and chosen in a modal, by the inputs' block ids. */
export class FormValues {
  readonly #values: Readonly<Record<string, Readonly<Record<string, StateValue>>>>;

  constructor(values: Readonly<Record<string, Readonly<Record<string, StateValue>>>>) {
    this.#values = values;
  }

  /** Whether the modal has such an input. */
  has(id: string): boolean {
    return id in this.#values;
  }

  /** What was typed, without space around it; '' when nothing was. */
  text(id: string): string {
    return this.#of(id)?.value?.trim() ?? '';
  }

  /** The chosen option's value; null when none was. */
  choice(id: string): string | null {
    return this.#of(id)?.selected_option?.value ?? null;
  }

  /** The chosen person's user id; null when none was. */
  user(id: string): string | null {
    return this.#of(id)?.selected_user ?? null;
  }

  choices(id: string): string[] {
    return (this.#of(id)?.selected_options ?? []).flatMap(({ value }) => value ?? []);
  }

  #of(id: string): StateValue | undefined {
    return Object.values(this.#values[id] ?? {})[0];
  }
}
