import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

/** Holds the OpenAPI document, which can only be made once the whole application is there. */
@Injectable()
export class ApiDocument {
  #make: (() => OpenAPIObject) | undefined;
  #document: OpenAPIObject | undefined;

  /** Called once by whoever creates the application. */
  madeBy(make: () => OpenAPIObject): void {
    this.#make = make;
  }

  get(): OpenAPIObject {
    if (this.#make === undefined) throw new Error('the application was made without its API document');
    this.#document ??= this.#make();
    return this.#document;
  }
}
