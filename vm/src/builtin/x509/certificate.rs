//! A certificate, as Go's x509.Certificate.

use super::der::{Der, INTEGER, OCTET_STRING, SEQUENCE, context, decimal, explicit};
use super::extensions::Extensions;
use super::json::Json;
use super::{names, times};
use std::collections::HashSet;

const RSA: &[u32] = &[1, 2, 840, 113_549, 1, 1, 1];
const NULL: &[u8] = &[5, 0];

/// An extension, raw.
pub(super) struct Extension<'d> {
    pub(super) id: Vec<u32>,
    pub(super) critical: bool,
    pub(super) value: &'d [u8],
}

impl Extension<'_> {
    pub(super) fn json(&self) -> Json {
        Json::Map(vec![
            ("Id", Json::oid(&self.id)),
            ("Critical", Json::Bool(self.critical)),
            ("Value", Json::bytes(self.value)),
        ])
    }
}

/// A list of extensions.
pub(super) fn extensions<'d>(mut list: Der<'d>) -> Result<Vec<Extension<'d>>, String> {
    let mut out: Vec<Extension<'d>> = Vec::new();
    let mut seen = HashSet::new();
    while !list.is_empty() {
        let mut der = list.read(SEQUENCE).ok_or("x509: malformed extension")?;
        let id = der.oid().ok_or("x509: malformed extension OID field")?;
        let critical = if der.at(super::der::BOOLEAN) {
            der.boolean().ok_or("x509: malformed extension critical field")?
        } else {
            false
        };
        let value = der.read(OCTET_STRING).ok_or("x509: malformed extension value field")?.0;
        if !seen.insert(id.clone()) {
            let text: Vec<String> = id.iter().map(u32::to_string).collect();
            return Err(format!("x509: certificate contains duplicate extension with OID \"{}\"", text.join(".")));
        }
        out.push(Extension { id, critical, value });
    }
    Ok(out)
}

/// An RSA key.
pub(super) struct Key {
    modulus: String,
    exponent: i64,
}

impl Key {
    pub(super) fn json(&self) -> Json {
        Json::Map(vec![("N", Json::Text(self.modulus.clone())), ("E", Json::Number(self.exponent as f64))])
    }
}

/// What is said of all other keys.
pub(super) const NO_RSA: &str = "certificate should use rsa algorithm";

/// The key inside a SubjectPublicKeyInfo; `None` where it is not one of RSA.
pub(super) fn key(mut info: Der<'_>) -> Result<Option<Key>, String> {
    let mut info = info.read(SEQUENCE).ok_or("x509: malformed spki")?;
    let mut algorithm = info.read(SEQUENCE).ok_or("x509: malformed public key algorithm identifier")?;
    let kind = algorithm.oid().ok_or("x509: malformed OID")?;
    let parameters =
        if algorithm.is_empty() { &[] } else { algorithm.any().ok_or("x509: malformed parameters")?.whole };
    let (bits, _) = info.bits().ok_or("x509: malformed subjectPublicKey")?;
    if kind != RSA {
        return Ok(None);
    }
    if parameters != NULL {
        return Err("x509: RSA key missing NULL parameters".to_owned());
    }
    let (modulus, exponent) = rsa_numbers(Der(bits))?;
    let modulus = decimal(modulus).ok_or("x509: invalid RSA modulus")?;
    Ok(Some(Key { modulus, exponent }))
}

/// The modulus and the exponent of an RSA key, as PKCS #1 has them.
pub(super) fn rsa_numbers(mut bits: Der<'_>) -> Result<(&[u8], i64), String> {
    let mut key = bits.read(SEQUENCE).ok_or("x509: invalid RSA public key")?;
    let modulus = key.integer_bytes(INTEGER).ok_or("x509: invalid RSA modulus")?;
    let exponent = key.int64(INTEGER).ok_or("x509: invalid RSA public exponent")?;
    if modulus.first().is_some_and(|b| *b >= 0x80) || modulus == [0] {
        return Err("x509: RSA modulus is not a positive number".to_owned());
    }
    if exponent <= 0 {
        return Err("x509: RSA public exponent is not a positive number".to_owned());
    }
    if exponent > i64::from(i32::MAX) || !bits.is_empty() {
        return Err("failed to parse subject public key info".to_owned());
    }
    Ok((modulus, exponent))
}

/// The bytes of a bit string, as if the unused bits stood in front.
pub(super) fn aligned(bits: &[u8], unused: u32) -> Vec<u8> {
    let mut before = 0_u8;
    let mut out = Vec::with_capacity(bits.len());
    for &b in bits {
        out.push(((u16::from(before) << 8 | u16::from(b)) >> unused) as u8);
        before = b;
    }
    out
}

/// When a certificate ends, in RFC 3339.
pub(super) fn not_after(bytes: &[u8]) -> Result<String, &'static str> {
    const MALFORMED: &str = "x509: malformed certificate";
    let mut outer = Der(Der(bytes).element(SEQUENCE).ok_or(MALFORMED)?.inner);
    let mut der = Der(outer.element(SEQUENCE).ok_or(MALFORMED)?.inner);
    version(&mut der).map_err(|_| MALFORMED)?;
    der.integer_bytes(INTEGER).ok_or(MALFORMED)?;
    let _algorithm_and_issuer = (der.read(SEQUENCE).ok_or(MALFORMED)?, der.element(SEQUENCE).ok_or(MALFORMED)?);
    let mut validity = der.read(SEQUENCE).ok_or(MALFORMED)?;
    times::read(&mut validity)?;
    times::read(&mut validity)
}

/// Reads a certificate.
pub(super) fn decode(bytes: &[u8]) -> Result<Json, String> {
    let mut input = Der(bytes);
    let raw = input.element(SEQUENCE).ok_or("x509: malformed certificate")?;
    let mut outer = Der(raw.inner);
    let tbs = outer.element(SEQUENCE).ok_or("x509: malformed tbs certificate")?;
    let mut der = Der(tbs.inner);
    let version = version(&mut der)?;
    let serial = der.integer_bytes(INTEGER).ok_or("x509: malformed serial number")?;
    if serial.first().is_some_and(|b| *b >= 0x80) {
        return Err("x509: negative serial number".to_owned());
    }
    let signed = der.read(SEQUENCE).ok_or("x509: malformed signature algorithm identifier")?;
    let algorithm = outer.read(SEQUENCE).ok_or("x509: malformed algorithm identifier")?;
    if signed.0 != algorithm.0 {
        return Err("x509: inner and outer signature algorithm identifiers don't match".to_owned());
    }
    let algorithm = super::algorithms::signature(algorithm)?;
    let raw_issuer = der.element(SEQUENCE).ok_or("x509: malformed issuer")?.whole;
    let issuer = names::distinguished(Der(raw_issuer))?;
    let mut validity = der.read(SEQUENCE).ok_or("x509: malformed validity")?;
    let (not_before, not_after) = (times::read(&mut validity)?, times::read(&mut validity)?);
    let raw_subject = der.element(SEQUENCE).ok_or("x509: malformed issuer")?.whole;
    let subject = names::distinguished(Der(raw_subject))?;
    let raw_key = der.element(SEQUENCE).ok_or("x509: malformed spki")?.whole;
    let key = key(Der(raw_key))?;
    let (list, found) = read_extensions(der, version)?;
    let (bits, unused) = outer.bits().ok_or("x509: malformed signature")?;
    if !input.is_empty() {
        return Err("x509: trailing data".to_owned());
    }
    let key = key.ok_or(NO_RSA)?;
    let serial: f64 = decimal(serial).and_then(|text| text.parse().ok()).ok_or("x509: malformed serial number")?;
    let mut out = vec![
        ("Raw", Json::bytes(raw.whole)),
        ("RawTBSCertificate", Json::bytes(tbs.whole)),
        ("RawSubjectPublicKeyInfo", Json::bytes(raw_key)),
        ("RawSubject", Json::bytes(raw_subject)),
        ("RawIssuer", Json::bytes(raw_issuer)),
        ("Signature", Json::bytes(&aligned(bits, unused))),
        ("SignatureAlgorithm", Json::Number(algorithm)),
        ("PublicKeyAlgorithm", Json::Number(1.0)),
        ("PublicKey", key.json()),
        ("Version", Json::Number(version as f64)),
        ("SerialNumber", Json::Number(serial)),
        ("Issuer", names::name_json(issuer)),
        ("Subject", names::name_json(subject)),
        ("NotBefore", Json::Text(not_before)),
        ("NotAfter", Json::Text(not_after)),
        ("Extensions", Json::slice(&list, Extension::json)),
        ("ExtraExtensions", Json::Null),
    ];
    out.extend(found.into_json());
    Ok(Json::Map(out))
}

/// Whether bytes are a certificate, whatever its key.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    match decode(bytes) {
        Err(why) if why != NO_RSA => Err(why),
        _ => Ok(()),
    }
}

/// The version, counted from 1.
fn version(der: &mut Der<'_>) -> Result<i64, String> {
    const MALFORMED: &str = "x509: malformed version";
    let found = der.optional(explicit(0)).ok_or(MALFORMED)?;
    let version = match found {
        Some(mut inner) => inner.int64(INTEGER).filter(|v| *v >= 0 && inner.is_empty()).ok_or(MALFORMED)?,
        None => 0,
    };
    if version > 2 { Err("x509: invalid version".to_owned()) } else { Ok(version + 1) }
}

fn read_extensions<'d>(mut der: Der<'d>, version: i64) -> Result<(Vec<Extension<'d>>, Extensions<'d>), String> {
    if version > 1 {
        der.optional(context(1)).ok_or("x509: malformed issuerUniqueID")?;
        der.optional(context(2)).ok_or("x509: malformed subjectUniqueID")?;
    }
    let list = if version == 3 { der.optional(explicit(3)).ok_or("x509: malformed extensions")? } else { None };
    let list = match list {
        Some(mut list) => extensions(list.read(SEQUENCE).ok_or("x509: malformed extensions")?)?,
        None => Vec::new(),
    };
    let found = Extensions::read(&list)?;
    Ok((list, found))
}
