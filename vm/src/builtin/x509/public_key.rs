//! Public keys as PEM has them, read as Go's crypto/x509 does.

use super::certificate::rsa_numbers;
use super::der::{Der, INTEGER, OID, SEQUENCE, oid_numbers};
use super::pem;

/// A curve of NIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-224
    P224,
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
}

impl Curve {
    /// How many bytes a coordinate takes.
    pub fn size(self) -> usize {
        match self {
            Curve::P224 => 28,
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Of RSA: how many bits its modulus has, and the key as PKCS #1 has it
    Rsa(usize, Vec<u8>),
    /// On a curve: a point that is not compressed, which may be none of the curve's
    Ecdsa(Curve, Vec<u8>),
    /// Of Ed25519
    Ed25519(Vec<u8>),
}

impl PublicKey {
    /// The key in the first block of a text; `None` where there is none, or one of another kind.
    pub fn from_pem(text: &str) -> Option<Self> {
        let pem::Block { kind, bytes, .. } = pem::next(text)?;
        match kind.as_str() {
            "PUBLIC KEY" => Self::from_info(Der(&bytes)),
            "RSA PUBLIC KEY" => Self::rsa(&bytes),
            _ => None,
        }
    }

    /// A key as SubjectPublicKeyInfo has it.
    fn from_info(mut der: Der<'_>) -> Option<Self> {
        let mut info = der.read(SEQUENCE).filter(|_| der.is_empty())?;
        let mut algorithm = info.read(SEQUENCE)?;
        let id = algorithm.oid()?;
        let parameters = if algorithm.is_empty() { None } else { Some(algorithm.any()?) };
        let (bits, _) = info.bits()?;
        match (id.as_slice(), parameters) {
            ([1, 2, 840, 113_549, 1, 1, 1], Some(none)) if none.whole == [5, 0] => Self::rsa(bits),
            ([1, 2, 840, 10_045, 2, 1], Some(curve)) if curve.tag == OID => {
                let curve = match oid_numbers(curve.inner)?.as_slice() {
                    [1, 3, 132, 0, 33] => Curve::P224,
                    [1, 2, 840, 10_045, 3, 1, 7] => Curve::P256,
                    [1, 3, 132, 0, 34] => Curve::P384,
                    [1, 3, 132, 0, 35] => Curve::P521,
                    _ => return None,
                };
                let whole = bits.len() == 1 + 2 * curve.size() && bits.first() == Some(&4);
                whole.then(|| Self::Ecdsa(curve, bits.to_vec()))
            }
            ([1, 3, 101, 112], None) if bits.len() == 32 => Some(Self::Ed25519(bits.to_vec())),
            _ => None,
        }
    }

    fn rsa(bytes: &[u8]) -> Option<Self> {
        let (modulus, _) = rsa_numbers(Der(bytes)).ok()?;
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        let unused = modulus.first().map_or(0, |b| b.leading_zeros() as usize);
        Some(Self::Rsa(modulus.len() * 8 - unused, bytes.to_vec()))
    }
}

/// The two numbers of a signature on a curve, where it is written as DER.
pub fn ecdsa_signature(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut numbers = Der(bytes).read(SEQUENCE)?;
    Some((numbers.integer_bytes(INTEGER)?, numbers.integer_bytes(INTEGER)?))
}

/// Two positive numbers as the DER of a signature on a curve.
pub fn ecdsa_der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    for number in [r, s] {
        let from = number.iter().position(|b| *b != 0).unwrap_or(number.len());
        let number = number.get(from..).unwrap_or_default();
        let sign = number.first().is_none_or(|b| *b >= 0x80);
        element(INTEGER, &[if sign { &[0][..] } else { &[] }, number].concat(), &mut inner);
    }
    let mut out = Vec::new();
    element(SEQUENCE, &inner, &mut out);
    out
}

/// Appends an element. Longer ones than 255 bytes are none of a signature's.
fn element(tag: u8, inner: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = inner.len() as u8;
    if length >= 0x80 {
        out.push(0x81);
    }
    out.push(length);
    out.extend_from_slice(inner);
}
