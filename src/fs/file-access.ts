/** What a handle in memory may do, refused with the codes that a kernel gives. */
import { errnoError } from './errno.ts';

export class FileAccess {
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(mode: 'read' | 'create') {
    this.#isWritable = mode === 'create';
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  checkReadable(): void {
    if (!this.#isOpen) throw errnoError('EBADF', 'the file is closed');
  }

  checkWritable(): void {
    this.checkReadable();
    if (!this.#isWritable) throw errnoError('EBADF', 'the file is open for reading only');
  }

  end(): void {
    this.#isOpen = false;
  }
}
