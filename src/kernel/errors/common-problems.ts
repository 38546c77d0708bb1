import { defineProblem } from './problem.js';

export const ValidationFailed = defineProblem({
  code: 'validation_failed',
  kind: 'invalid',
  title: 'The request is not valid',
  detail: 'see errors for each field that must change',
});

export const MalformedBody = defineProblem({
  code: 'malformed_body',
  kind: 'invalid',
  title: 'The body cannot be read',
  detail: 'send one JSON object, UTF-8 encoded',
});

export const MalformedId = defineProblem({
  code: 'malformed_id',
  kind: 'invalid',
  title: 'The identifier is malformed',
  detail: 'send an identifier exactly as this service returned it',
});

export const MalformedUrl = defineProblem({
  code: 'malformed_url',
  kind: 'invalid',
  title: 'The URL cannot be read',
  detail: 'percent-encode path and query as UTF-8',
});

export const ResourceNotFound = defineProblem({
  code: 'not_found',
  kind: 'not_found',
  title: 'Nothing is here',
  detail: 'check the path and the identifiers in it',
});

export const MethodNotAllowed = defineProblem({
  code: 'method_not_allowed',
  kind: 'method_not_allowed',
  title: 'The method is not allowed here',
  detail: 'see the OpenAPI document for the methods of this path',
});

export const BodyTooLarge = defineProblem({
  code: 'body_too_large',
  kind: 'too_large',
  title: 'The body is too large',
  detail: 'send less, or in several requests',
});

export const HeadersTooLarge = defineProblem({
  code: 'headers_too_large',
  kind: 'headers_too_large',
  title: 'The headers are too large',
  detail: 'send fewer or shorter headers',
});

export const UnsupportedMedia = defineProblem({
  code: 'unsupported_media_type',
  kind: 'unsupported_media',
  title: 'The content type is not supported',
  detail: 'send application/json, without a content encoding',
});

export const ServiceUnavailable = defineProblem({
  code: 'service_unavailable',
  kind: 'unavailable',
  title: 'The service cannot do this right now',
  detail: 'try again in a moment',
});

export const Overloaded = defineProblem({
  code: 'overloaded',
  kind: 'unavailable',
  title: 'The service is at its limit',
  detail: 'try again in a moment',
});

export const InternalError = defineProblem({
  code: 'internal_error',
  kind: 'internal',
  title: 'Something failed on our side',
  detail: 'report the request_id to the operator of this service',
});
