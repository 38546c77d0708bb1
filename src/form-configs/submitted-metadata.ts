import { Injectable } from '@nestjs/common';
import { isFreeMetadata, type Metadata, type MetadataChanges } from '../http/validation/metadata.js';
import { invalidFields } from '../http/validation/validation.pipe.js';
import type { EnvScope } from '../kernel/context/scope.js';
import { ActiveForms } from './active-forms.js';
import type { Checked } from './form-answers.js';
import { FormRejected } from './form-configs.problems.js';

/** What a request carries as `metadata`, before any form has looked at it. */
export type Submitted = Readonly<Record<string, unknown>> | undefined;

const PATH = 'metadata';

/** Checks the metadata that people send against the forms of their environment. Nothing that a form does not ask for is kept (R352). */
@Injectable()
export class SubmittedMetadata {
  constructor(private readonly forms: ActiveForms) {}

  /** Without a form, clients may keep what they like within bounds. @throws FormRejected, ValidationFailed */
  async atSignUp(scope: EnvScope, submitted: Submitted): Promise<Metadata> {
    const form = await this.forms.of(scope, 'signup');
    if (form !== undefined) return accepted(form.whole(submitted ?? {}, PATH));
    if (submitted === undefined) return {};
    if (isFreeMetadata(submitted)) return submitted;
    const message = 'metadata must have texts of up to 1024 characters, numbers or booleans as values';
    throw invalidFields([{ path: PATH, code: PATH, message }]);
  }

  /** Without a form, nothing is asked and nothing is kept. @throws FormRejected */
  async atSignIn(scope: EnvScope, submitted: Submitted): Promise<Metadata> {
    const form = await this.forms.of(scope, 'signin');
    return form === undefined ? {} : accepted(form.whole(submitted ?? {}, PATH));
  }

  /** Without a form, people cannot change their metadata. @returns undefined when nothing was sent. @throws FormRejected */
  async ofProfile(scope: EnvScope, submitted: Submitted): Promise<MetadataChanges | undefined> {
    if (submitted === undefined) return undefined;
    const form = await this.forms.of(scope, 'profile');
    if (form !== undefined) return accepted(form.changes(submitted, PATH));
    throw new FormRejected({
      detail: 'this environment has no active profile form, so metadata cannot be changed here',
    });
  }
}

function accepted<T>(checked: Checked<T>): T {
  if ('value' in checked) return checked.value;
  const { errors } = checked;
  throw new FormRejected({ detail: errors.map(({ message }) => message).join('; '), extras: { errors } });
}
