type Release = () => void;

/** `navigator.locks`, which answers from another process. */
export class FakeLocks {
  readonly #holders = new Map<string, { readonly robbed: Release }>();

  get names(): string[] {
    return [...this.#holders.keys()];
  }

  async request(
    name: string,
    { steal = false }: { readonly steal?: boolean },
    callback: (lock: object | null) => Promise<void>,
  ): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const present = this.#holders.get(name);
    if (present !== undefined && !steal) return callback(null);
    return new Promise((resolve, reject) => {
      const holder = { robbed: () => reject(new DOMException('stolen', 'AbortError')) };
      this.#holders.set(name, holder);
      present?.robbed();
      void callback({}).then(() => {
        if (this.#holders.get(name) === holder) this.#holders.delete(name);
        resolve();
      });
    });
  }
}
