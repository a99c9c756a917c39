/** A browser, as far as an installation needs one: it keeps cookies, and stops at redirects so that a test sees them. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  /** @param at where the public address is really answered */
  constructor(
    private readonly publicUrl: string,
    private readonly at: string,
  ) {}

  async visit(address: string, init: RequestInit = {}): Promise<Response> {
    const ours = address.startsWith(this.publicUrl);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(ours ? address.replace(this.publicUrl, this.at) : address, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string>), ...(ours && cookie ? { cookie } : {}) },
    });
    if (ours) for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
