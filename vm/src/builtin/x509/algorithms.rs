//! Algorithms of signatures, by Go's numbers.

use super::der::{Der, INTEGER, SEQUENCE, explicit};

const NULL: &[u8] = &[5, 0];
const PSS: &[u32] = &[1, 2, 840, 113_549, 1, 1, 10];
const MGF1: &[u32] = &[1, 2, 840, 113_549, 1, 1, 8];
const ED25519: &[u32] = &[1, 3, 101, 112];

/// Go's number of the algorithm of a signature; 0 for all that Go does not know.
pub(super) fn signature(mut der: Der<'_>) -> Result<f64, String> {
    let id = der.oid().ok_or("x509: malformed OID")?;
    let parameters = if der.is_empty() { None } else { Some(der.any().ok_or("x509: malformed parameters")?) };
    Ok(match id.as_slice() {
        PSS => parameters.and_then(|p| pss(Der(p.whole))).unwrap_or(0.0),
        ED25519 if parameters.is_some() => 0.0,
        id => number(id),
    })
}

fn number(id: &[u32]) -> f64 {
    match id {
        [1, 2, 840, 113_549, 1, 1, 4] => 2.0,
        [1, 2, 840, 113_549, 1, 1, 5] | [1, 3, 14, 3, 2, 29] => 3.0,
        [1, 2, 840, 113_549, 1, 1, 11] => 4.0,
        [1, 2, 840, 113_549, 1, 1, 12] => 5.0,
        [1, 2, 840, 113_549, 1, 1, 13] => 6.0,
        [1, 2, 840, 10_040, 4, 3] => 7.0,
        [2, 16, 840, 1, 101, 3, 4, 3, 2] => 8.0,
        [1, 2, 840, 10_045, 4, 1] => 9.0,
        [1, 2, 840, 10_045, 4, 3, 2] => 10.0,
        [1, 2, 840, 10_045, 4, 3, 3] => 11.0,
        [1, 2, 840, 10_045, 4, 3, 4] => 12.0,
        ED25519 => 16.0,
        _ => 0.0,
    }
}

/// RSASSA-PSS, known where one hash is used throughout, with a salt as long as the hash.
fn pss(mut der: Der<'_>) -> Option<f64> {
    let mut parameters = der.read(SEQUENCE)?;
    let (hash, rest) = algorithm(parameters.read(explicit(0))?)?;
    let (mgf, inner) = algorithm(parameters.read(explicit(1))?)?;
    let (mgf_hash, mgf_rest) = algorithm(Der(inner))?;
    let salt = parameters.read(explicit(2))?.int64(INTEGER)?;
    let trailer = match parameters.optional(explicit(3))? {
        Some(mut inner) => inner.int64(INTEGER)?,
        None => 1,
    };
    let plain = |rest: &[u8]| rest.is_empty() || rest == NULL;
    if !plain(rest) || !plain(mgf_rest) || mgf != MGF1 || mgf_hash != hash || trailer != 1 {
        return None;
    }
    match (hash.as_slice(), salt) {
        ([2, 16, 840, 1, 101, 3, 4, 2, 1], 32) => Some(13.0),
        ([2, 16, 840, 1, 101, 3, 4, 2, 2], 48) => Some(14.0),
        ([2, 16, 840, 1, 101, 3, 4, 2, 3], 64) => Some(15.0),
        _ => None,
    }
}

/// An algorithm and its parameters.
fn algorithm(mut der: Der<'_>) -> Option<(Vec<u32>, &[u8])> {
    let mut inner = der.read(SEQUENCE)?;
    Some((inner.oid()?, inner.0))
}
