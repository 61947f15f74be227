//! What one proxy hands on to another unchanged: whatever concerns no request.

/// Hands the store, random numbers and signatures of a type on to its field `proxy`.
macro_rules! hand_on {
    ($type:ident) => {
        impl gatehouse_filter::Store for $type<'_> {
            fn get(
                &self,
                key: &[u8],
            ) -> Result<Option<(Vec<u8>, gatehouse_filter::Version)>, gatehouse_filter::StoreError>
            {
                self.proxy.get(key)
            }

            fn set(
                &self,
                key: &[u8],
                value: &[u8],
                version: Option<gatehouse_filter::Version>,
            ) -> Result<(), gatehouse_filter::SetError> {
                self.proxy.set(key, value, version)
            }
        }

        impl gatehouse_filter::Random for $type<'_> {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), gatehouse_filter::NoRandom> {
                self.proxy.fill(bytes)
            }
        }

        impl gatehouse_filter::Signatures for $type<'_> {
            fn verify(
                &self,
                hash: gatehouse_filter::Hash,
                spki: &[u8],
                signature: &[u8],
                text: &[u8],
            ) -> Result<bool, gatehouse_filter::NoVerifier> {
                self.proxy.verify(hash, spki, signature, text)
            }
        }
    };
}

pub(crate) use hand_on;
