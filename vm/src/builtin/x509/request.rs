//! A request for a certificate, as Go's x509.CertificateRequest.

use super::certificate::{self, Extension, aligned};
use super::der::{self, Der, Element, INTEGER, OCTET_STRING, SEQUENCE, SET, explicit};
use super::json::Json;
use super::names::{self, Alternatives};
use super::{algorithms, times};
use std::collections::HashSet;

const EXTENSION_REQUEST: &[u32] = &[1, 2, 840, 113_549, 1, 9, 14];
const ALTERNATIVES: &[u32] = &[2, 5, 29, 17];

/// Reads a request. Go reads it by reflection; what it says of damaged ones differs from field to field.
pub(super) fn decode(bytes: &[u8]) -> Result<Json, String> {
    const MALFORMED: &str = "asn1: structure error: malformed certificate request";
    let mut input = Der(bytes);
    let raw = input.element(SEQUENCE).ok_or(MALFORMED)?;
    if !input.is_empty() {
        return Err("asn1: syntax error: trailing data".to_owned());
    }
    let mut outer = Der(raw.inner);
    let tbs = outer.element(SEQUENCE).ok_or(MALFORMED)?;
    let mut der = Der(tbs.inner);
    let version = der.int64(INTEGER).ok_or(MALFORMED)?;
    let raw_subject = der.any().ok_or(MALFORMED)?.whole;
    let raw_key = der.element(SEQUENCE).ok_or(MALFORMED)?.whole;
    let attributes = attributes(der.read(explicit(0)).ok_or(MALFORMED)?).ok_or(MALFORMED)?;
    let algorithm = algorithms::signature(outer.read(SEQUENCE).ok_or(MALFORMED)?)?;
    let (bits, unused) = outer.bits().ok_or(MALFORMED)?;
    let key = certificate::key(Der(raw_key))?;
    let subject = names::distinguished(Der(raw_subject))?;
    let extensions = extensions(&attributes)?;
    let mut alternatives = Alternatives::default();
    if let Some(found) = extensions.iter().find(|e| e.id == ALTERNATIVES) {
        alternatives = Alternatives::read(Der(found.value))?;
    }
    let key = key.ok_or(certificate::NO_RSA)?;
    let mut out = vec![
        ("Raw", Json::bytes(raw.whole)),
        ("RawTBSCertificateRequest", Json::bytes(tbs.whole)),
        ("RawSubjectPublicKeyInfo", Json::bytes(raw_key)),
        ("RawSubject", Json::bytes(raw_subject)),
        ("Version", Json::Number(version as f64)),
        ("Signature", Json::bytes(&aligned(bits, unused))),
        ("SignatureAlgorithm", Json::Number(algorithm)),
        ("PublicKeyAlgorithm", Json::Number(1.0)),
        ("PublicKey", key.json()),
        ("Subject", names::name_json(subject)),
        ("Attributes", Json::slice(attributes.iter().filter_map(attribute_json), |a| a)),
        ("Extensions", Json::slice(&extensions, Extension::json)),
        ("ExtraExtensions", Json::Null),
    ];
    out.extend(alternatives.into_json());
    Ok(Json::Map(out))
}

fn attributes(mut der: Der<'_>) -> Option<Vec<Element<'_>>> {
    let mut out = Vec::new();
    while !der.is_empty() {
        out.push(der.any()?);
    }
    Some(out)
}

/// The kind of an attribute and its values.
fn attribute<'d>(element: &Element<'d>) -> Option<(Vec<u32>, Der<'d>)> {
    let mut der = Der(element.whole).read(SEQUENCE)?;
    Some((der.oid()?, der.read(SET)?))
}

/// An attribute whose values are lists of pairs; all others are left out.
fn attribute_json(element: &Element<'_>) -> Option<Json> {
    let (kind, mut values) = attribute(element)?;
    let mut lists = Vec::new();
    while !values.is_empty() {
        let mut list = values.read(SEQUENCE)?;
        let mut pairs = Vec::new();
        while !list.is_empty() {
            let mut pair = list.read(SEQUENCE)?;
            let kind = Json::oid(&pair.oid()?);
            pairs.push(Json::Map(vec![("Type", kind), ("Value", any_json(pair.any()?))]));
        }
        lists.push(Json::List(pairs));
    }
    Some(Json::Map(vec![("Type", Json::oid(&kind)), ("Value", Json::List(lists))]))
}

/// A value of any type; nothing for types that Go does not read where anything may stand.
fn any_json(element: Element<'_>) -> Json {
    let mut der = Der(element.whole);
    let found = match element.tag {
        der::BOOLEAN => der.boolean().map(Json::Bool),
        INTEGER => der.int64(INTEGER).map(|n| Json::Number(n as f64)),
        OCTET_STRING => Some(Json::bytes(element.inner)),
        der::OID => der.oid().map(|id| Json::oid(&id)),
        der::UTC_TIME | der::GENERALIZED_TIME => times::read(&mut der).ok().map(Json::Text),
        der::BIT_STRING => der.bits().map(|(bytes, unused)| {
            let length = bytes.len() as f64 * 8.0 - f64::from(unused);
            Json::Map(vec![("Bytes", Json::bytes(bytes)), ("BitLength", Json::Number(length))])
        }),
        tag => names::string(tag, element.inner).ok().map(Json::Text),
    };
    found.unwrap_or(Json::Null)
}

/// The extensions that are asked for.
fn extensions<'d>(attributes: &[Element<'d>]) -> Result<Vec<Extension<'d>>, String> {
    let mut out = Vec::new();
    for element in attributes {
        let Some((kind, values)) = attribute(element) else { continue };
        if kind == EXTENSION_REQUEST && !values.is_empty() {
            let list = Der(values.0).read(SEQUENCE).ok_or("asn1: structure error: malformed extensions")?;
            out.extend(certificate::extensions(list)?);
        }
    }
    let mut seen = HashSet::new();
    let duplicate = !out.iter().all(|e: &Extension<'_>| seen.insert(&e.id));
    if duplicate {
        return Err("x509: certificate request contains duplicate requested extensions".to_owned());
    }
    Ok(out)
}
