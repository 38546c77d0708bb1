import { describeEvents } from '../kernel/events/event-map.js';
import type { Id } from '../kernel/ids/id.js';
import type { FormType } from './form-field.js';

interface FormConfigFact {
  form_config_id: Id<'form_config'>;
  form_type: FormType;
  number: number;
}

declare module '../kernel/events/event-map.js' {
  interface EventMap {
    'form_config.created': FormConfigFact;
    'form_config.updated': FormConfigFact;
    'form_config.activated': FormConfigFact;
    'form_config.deactivated': FormConfigFact;
    'form_config.deleted': FormConfigFact;
  }
}

describeEvents({
  'form_config.created': 'A version of a form was drafted.',
  'form_config.updated': 'The draft of a form was edited.',
  'form_config.activated': 'A version of a form came into use; the one before it, if any, went out of use.',
  'form_config.deactivated': 'A form went out of use: nothing is asked any more.',
  'form_config.deleted': 'A version of a form that was not in use was deleted.',
});
