// The places where secrets are stored: the associated data of their ciphertexts. Part of the stored format
// (sql/migrations names them too): changing one makes what is stored there unreadable.

/** A value of `endpoint.encrypted_headers`; the name's case does not matter. */
export function headerIdentity(endpointId: string, name: string): string {
  return `endpoint:${endpointId}:header:${name.toLowerCase()}`
}

/** Every element of `endpoint.signing_secrets`. */
export function signingIdentity(endpointId: string): string {
  return `endpoint:${endpointId}:signing`
}

/** `endpoint.client_key`. */
export function clientKeyIdentity(endpointId: string): string {
  return `endpoint:${endpointId}:client_key`
}
