//! What is known of a certificate's extensions. Go: crypto/x509, processExtensions.

use super::certificate::Extension;
use super::constraints::Constraints;
use super::der::{BOOLEAN, Der, INTEGER, OCTET_STRING, OID, SEQUENCE, context, explicit, oid_numbers, oid_text};
use super::json::Json;
use super::names::Alternatives;
use crate::builtin::encoding::lossy;
use std::collections::HashSet;

/// The fields that extensions fill.
#[derive(Default)]
pub(super) struct Extensions<'d> {
    unhandled: Vec<Vec<u32>>,
    key_usage: u16,
    usages: Vec<f64>,
    unknown_usages: Vec<Vec<u32>>,
    /// Whether it is a CA, and how long the path may be
    constraints: Option<(bool, i64)>,
    subject_key: Option<&'d [u8]>,
    authority_key: Option<&'d [u8]>,
    ocsp: Vec<String>,
    issuers: Vec<String>,
    alternatives: Alternatives,
    names: Constraints,
    revocation_lists: Vec<String>,
    policies: Option<Vec<&'d [u8]>>,
    mappings: Vec<(String, String)>,
    require_explicit: Option<i64>,
    inhibit_mapping: Option<i64>,
    inhibit_any: Option<i64>,
}

const AUTHORITY_INFO: &[u32] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];

impl<'d> Extensions<'d> {
    pub(super) fn read(list: &[Extension<'d>]) -> Result<Self, String> {
        let mut out = Self::default();
        for extension in list {
            let known = match *extension.id.as_slice() {
                [2, 5, 29, number] => out.standard(number, extension)?,
                _ if extension.id == AUTHORITY_INFO => {
                    out.authority_info(extension).map_err(str::to_owned)?;
                    true
                }
                _ => false,
            };
            if extension.critical && !known {
                out.unhandled.push(extension.id.clone());
            }
        }
        Ok(out)
    }

    /// Reads an extension of X.509 itself; whether it was understood.
    fn standard(&mut self, number: u32, extension: &Extension<'d>) -> Result<bool, String> {
        let mut der = Der(extension.value);
        match number {
            14 if extension.critical => {
                return Err("x509: subject key identifier incorrectly marked critical".to_owned());
            }
            14 => self.subject_key = Some(der.read(OCTET_STRING).ok_or("x509: invalid subject key identifier")?.0),
            15 => self.key_usage = key_usage(der).ok_or("x509: invalid key usage")?,
            17 => {
                self.alternatives = Alternatives::read(der)?;
                return Ok(!self.alternatives.is_empty());
            }
            19 => self.constraints = Some(basic_constraints(der).ok_or("x509: invalid basic constraints")?),
            30 => {
                let (constraints, known) = Constraints::read(der, extension.critical)?;
                self.names = constraints;
                return Ok(known);
            }
            31 => self.revocation_lists = revocation_lists(der)?,
            32 => self.policies = Some(policies(der).ok_or("x509: invalid certificate policies")?),
            33 => self.mappings = mappings(der).ok_or("x509: invalid policy mappings extension")?,
            35 => self.authority_key = authority_key(extension)?,
            36 => self.policy_constraints(der).ok_or("x509: invalid policy constraints extension")?,
            37 => self.usages(der).ok_or("x509: invalid extended key usages")?,
            54 => self.inhibit_any = Some(der.int64(INTEGER).ok_or("x509: invalid inhibit any policy extension")?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn usages(&mut self, mut der: Der<'_>) -> Option<()> {
        let mut list = der.read(SEQUENCE)?;
        while !list.is_empty() {
            let id = list.oid()?;
            match usage(&id) {
                Some(number) => self.usages.push(number),
                None => self.unknown_usages.push(id),
            }
        }
        Some(())
    }

    fn policy_constraints(&mut self, mut der: Der<'_>) -> Option<()> {
        let mut list = der.read(SEQUENCE)?;
        if list.at(context(0)) {
            self.require_explicit = Some(list.int64(context(0))?);
        }
        if list.at(context(1)) {
            self.inhibit_mapping = Some(list.int64(context(1))?);
        }
        Some(())
    }

    fn authority_info(&mut self, extension: &Extension<'_>) -> Result<(), &'static str> {
        const INVALID: &str = "x509: invalid authority info access";
        if extension.critical {
            return Err("x509: authority info access incorrectly marked critical");
        }
        let mut list = Der(extension.value).read(SEQUENCE).ok_or(INVALID)?;
        while !list.is_empty() {
            let mut item = list.read(SEQUENCE).ok_or(INVALID)?;
            let method = item.oid().ok_or(INVALID)?;
            if !item.at(context(6)) {
                continue;
            }
            let place = lossy(item.read(context(6)).ok_or(INVALID)?.0);
            match *method.as_slice() {
                [1, 3, 6, 1, 5, 5, 7, 48, 1] => self.ocsp.push(place),
                [1, 3, 6, 1, 5, 5, 7, 48, 2] => self.issuers.push(place),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn into_json(self) -> Vec<(&'static str, Json)> {
        let (is_ca, path) = self.constraints.unwrap_or((false, 0));
        let identifiers = self.policies.as_ref().map_or(Json::Null, |list| {
            Json::List(list.iter().filter_map(|id| oid_numbers(id)).map(|id| Json::oid(&id)).collect())
        });
        let number = |n: Option<i64>| Json::Number(n.unwrap_or(0) as f64);
        let zero = |n: Option<i64>| Json::Bool(n == Some(0));
        let mut out = vec![
            ("UnhandledCriticalExtensions", Json::slice(&self.unhandled, |id| Json::oid(id))),
            ("KeyUsage", Json::Number(f64::from(self.key_usage))),
            ("ExtKeyUsage", Json::slice(self.usages, Json::Number)),
            ("UnknownExtKeyUsage", Json::slice(&self.unknown_usages, |id| Json::oid(id))),
            ("BasicConstraintsValid", Json::Bool(self.constraints.is_some())),
            ("IsCA", Json::Bool(is_ca)),
            ("MaxPathLen", Json::Number(path as f64)),
            ("MaxPathLenZero", Json::Bool(self.constraints.is_some() && path == 0)),
            ("SubjectKeyId", Json::maybe_bytes(self.subject_key)),
            ("AuthorityKeyId", Json::maybe_bytes(self.authority_key)),
            ("OCSPServer", Json::texts(self.ocsp)),
            ("IssuingCertificateURL", Json::texts(self.issuers)),
            ("CRLDistributionPoints", Json::texts(self.revocation_lists)),
            ("PolicyIdentifiers", identifiers),
            ("Policies", Json::texts(self.policies.into_iter().flatten().filter_map(oid_text).collect())),
            (
                "PolicyMappings",
                Json::slice(self.mappings, |(issuer, subject)| {
                    let (issuer, subject) = (Json::Text(issuer), Json::Text(subject));
                    Json::Map(vec![("IssuerDomainPolicy", issuer), ("SubjectDomainPolicy", subject)])
                }),
            ),
            ("InhibitAnyPolicy", number(self.inhibit_any)),
            ("InhibitAnyPolicyZero", zero(self.inhibit_any)),
            ("InhibitPolicyMapping", number(self.inhibit_mapping)),
            ("InhibitPolicyMappingZero", zero(self.inhibit_mapping)),
            ("RequireExplicitPolicy", number(self.require_explicit)),
            ("RequireExplicitPolicyZero", zero(self.require_explicit)),
        ];
        out.extend(self.alternatives.into_json());
        out.extend(self.names.into_json());
        out
    }
}

/// Nine bits, the first is the least.
fn key_usage(mut der: Der<'_>) -> Option<u16> {
    let (bytes, _) = der.bits()?;
    let first = bytes.first().copied().unwrap_or(0).reverse_bits();
    let ninth = bytes.get(1).is_some_and(|b| *b >= 0x80);
    Some(u16::from(first) | u16::from(ninth) << 8)
}

fn basic_constraints(mut der: Der<'_>) -> Option<(bool, i64)> {
    let mut list = der.read(SEQUENCE)?;
    let is_ca = list.at(BOOLEAN) && list.boolean()?;
    let path = if list.at(INTEGER) { list.int64(INTEGER).filter(|n| *n >= 0)? } else { -1 };
    Some((is_ca, path))
}

fn authority_key<'d>(extension: &Extension<'d>) -> Result<Option<&'d [u8]>, &'static str> {
    const INVALID: &str = "x509: invalid authority key identifier";
    if extension.critical {
        return Err("x509: authority key identifier incorrectly marked critical");
    }
    let mut list = Der(extension.value).read(SEQUENCE).ok_or(INVALID)?;
    list.optional(context(0)).ok_or(INVALID).map(|id| id.map(|id| id.0))
}

fn revocation_lists(mut der: Der<'_>) -> Result<Vec<String>, &'static str> {
    const INVALID: &str = "x509: invalid CRL distribution point";
    let mut points = der.read(SEQUENCE).ok_or("x509: invalid CRL distribution points")?;
    let mut out = Vec::new();
    while !points.is_empty() {
        let mut point = points.read(SEQUENCE).ok_or(INVALID)?;
        let Some(mut name) = point.optional(explicit(0)).ok_or(INVALID)? else { continue };
        let mut names = name.read(explicit(0)).ok_or(INVALID)?;
        while names.at(context(6)) {
            out.push(lossy(names.read(context(6)).ok_or(INVALID)?.0));
        }
    }
    Ok(out)
}

fn policies<'d>(mut der: Der<'d>) -> Option<Vec<&'d [u8]>> {
    let mut list = der.read(SEQUENCE)?;
    let (mut out, mut seen) = (Vec::new(), HashSet::new());
    while !list.is_empty() {
        let id = list.read(SEQUENCE)?.read(OID)?.0;
        if !seen.insert(id) || oid_text(id).is_none() {
            return None;
        }
        out.push(id);
    }
    Some(out)
}

fn mappings(mut der: Der<'_>) -> Option<Vec<(String, String)>> {
    let mut list = der.read(SEQUENCE)?;
    let mut out = Vec::new();
    while !list.is_empty() {
        let mut pair = list.read(SEQUENCE)?;
        let (issuer, subject) = (pair.read(OID)?, pair.read(OID)?);
        out.push((oid_text(issuer.0)?, oid_text(subject.0)?));
    }
    Some(out)
}

/// Go's number of a use of a key.
fn usage(id: &[u32]) -> Option<f64> {
    match *id {
        [2, 5, 29, 37, 0] => Some(0.0),
        [1, 3, 6, 1, 5, 5, 7, 3, n @ 1..=9] => Some(f64::from(n)),
        [1, 3, 6, 1, 4, 1, 311, 10, 3, 3] => Some(10.0),
        [2, 16, 840, 1, 113_730, 4, 1] => Some(11.0),
        [1, 3, 6, 1, 4, 1, 311, 2, 1, 22] => Some(12.0),
        [1, 3, 6, 1, 4, 1, 311, 61, 1, 1] => Some(13.0),
        _ => None,
    }
}
