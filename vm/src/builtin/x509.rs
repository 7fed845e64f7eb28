//! Reading certificates and public keys. A certificate has the fields of Go's structs then; nothing is verified.

mod algorithms;
mod certificate;
mod checks;
mod constraints;
mod der;
mod extensions;
mod json;
mod names;
mod pem;
mod public_key;
mod request;
#[cfg(test)]
mod tests;
mod times;

pub use checks::{certificates, expiries, has_certificates, public_key};
pub use public_key::{Curve, PublicKey, ecdsa_der, ecdsa_signature};

use super::strings::{STR, function, text};
use super::{Builtin, Call, Failure, Type};
use crate::value::Val;

/// The family.
pub(crate) const FUNCTIONS: &[Builtin] = &[function(
    "x509_decode",
    &[STR],
    &[Type::Object],
    "decodes an x.509 certificate to an object. you may also use this in conjunction with `base64_decode` jmespath \
     function to decode a base64-encoded certificate",
    &[(
        "x509_decode('-----BEGIN CERTIFICATE REQUEST-----\n\
         MIHFMHECAQAwDDEKMAgGA1UEAwwBYTBcMA0GCSqGSIb3DQEBAQUAA0sAMEgCQQC7\n\
         K78Ev+PuU9GFSj26HevaaidX+U42vpzBQecHfdBt9d6PHbRiIMrPhD+nPfM1xAMg\n\
         YW7m5TXEVIJMQqnLFCERAgMBAAGgADANBgkqhkiG9w0BAQsFAANBABzd4LHMJinQ\n\
         qbtEZJCC8kbIzcpFRhiRDg/v7NKuAulSHBF+qS+VKcrK5dXXdEyQMFvOdJCCRvnU\n\
         PzfpD4fdHMA=\n\
         -----END CERTIFICATE REQUEST-----\n').Subject.CommonName",
        "\"a\"",
    )],
    decode,
)];

fn decode(call: &mut Call<'_, '_>, args: &[Val]) -> Result<Val, Failure> {
    let Some(pem::Block { kind, bytes, .. }) = pem::next(text(call, args, 0)) else {
        return Err(Failure::error("failed to decode PEM block"));
    };
    let found = match kind.as_str() {
        "CERTIFICATE" => certificate::decode(&bytes),
        "CERTIFICATE REQUEST" => request::decode(&bytes),
        _ => Err("PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST".to_owned()),
    };
    found.map_err(Failure::Error)?.into_val(call)
}
