"""`POST /hashstore/lookup` as an OpenAPI operation, for `/api/openapi.json`."""

LOOKUP = """
summary: Look up values or hashes
description: >-
  Answers in the order of the question: for each value the hits that the key may see. The body may be gzip
  (Content-Encoding). It asks for either values or hashes.
parameters:
  - name: Authorization
    in: header
    description: An API key of MISP's or of the store's own, as it is or after "Bearer".
    schema: {type: string}
requestBody:
  required: true
  content:
    application/json:
      schema:
        oneOf:
          - {type: array, items: {type: string}, description: Values.}
          - type: object
            additionalProperties: false
            properties:
              value: {type: string}
              values: {type: array, items: {type: string}}
              hash: {type: string, description: SHA-256 of a value in lower case.}
              hashes:
                type: array
                description: For each value its SHA-256, or those of several ways to write it.
                items: {oneOf: [{type: string}, {type: array, maxItems: 16, items: {type: string}}]}
              parts: {type: boolean, description: Look up the parts of values as well.}
    text/plain:
      schema: {type: string, description: A value a line.}
responses:
  200:
    description: The hits of each value.
    content:
      application/json:
        schema:
          type: object
          required: [imported, updated, results]
          properties:
            imported: {type: number, description: "Unix seconds, 0 for never."}
            updated: {type: number, description: "Unix seconds, 0 for never."}
            results:
              type: array
              items:
                type: array
                items:
                  type: object
                  required: [event_uuid, event_id, type, category, to_ids, date, tlp]
                  properties:
                    event_uuid: {type: string}
                    event_id: {type: string}
                    type: {type: string}
                    category: {type: string}
                    to_ids: {type: boolean}
                    date: {type: string}
                    tlp: {type: string}
            parts:
              type: array
              description: What is known of the parts of each value, where they were asked for.
              items: {type: array, items: {type: object}}
"""
PROBLEM = "application/problem+json"
_WRONG = {
    400: "The body is not JSON, or broken gzip.",
    401: "The key is wrong, expired, or not for use from here.",
    413: "Too many values or bytes.",
    415: "An encoding other than gzip.",
    422: "JSON that is no question.",
    429: "Too many wrong keys from this address; Retry-After says when to try again.",
    503: "The Redis of the store does not answer.",
}
LOOKUP += "".join(
    f'  {status}: {{description: "{why}", content: {{{PROBLEM}: {{schema: {{type: object}}}}}}}}\n'
    for status, why in _WRONG.items()
)
