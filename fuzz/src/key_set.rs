use gatehouse_jwt_auth::{KeySet, verify_compact};

/// A key set, as whoever answers for an issuer sends it. No key that it has verifies a token
/// without a signature.
pub fn key_set(data: &[u8]) {
    match KeySet::from_json(data) {
        Ok(keys) => {
            for header in [
                "eyJhbGciOiJub25lIn0",
                "eyJhbGciOiJIUzI1NiJ9",
                "eyJhbGciOiJSUzI1NiJ9",
                "eyJhbGciOiJFUzI1NiJ9",
            ] {
                assert!(verify_compact(format!("{header}.e30.").as_bytes(), &keys, None).is_err());
            }
            keys.skipped().iter().for_each(|skipped| drop(skipped.fault.to_string()));
        }
        Err(error) => drop(error.to_string()),
    }
}
