//! What is wrong with texts that should hold keys or certificates, in Go's words.
//!
//! Kyverno: github.com/sigstore/sigstore/pkg/cryptoutils.

use super::der::{Der, SEQUENCE};
use super::{certificate, pem};

/// How many certificates a text holds.
///
/// # Errors
/// Where there is something else than certificates.
pub fn certificates(text: &str) -> Result<usize, String> {
    let (mut rest, mut count) = (text.trim(), 0);
    while !rest.is_empty() {
        let block = pem::next(rest).ok_or("error during PEM decoding")?;
        certificate::check(&block.bytes)?;
        (rest, count) = (block.rest, count + 1);
    }
    Ok(count)
}

/// Whether a text holds at least one certificate; whatever else it holds is passed over.
pub fn has_certificates(text: &str) -> bool {
    let mut rest = text;
    while let Some(block) = pem::next(rest) {
        if block.kind == "CERTIFICATE" && certificate::check(&block.bytes).is_ok() {
            return true;
        }
        rest = block.rest;
    }
    false
}

/// The certificates of a text, each as PEM with the time at which it ends, in RFC 3339.
///
/// # Errors
/// Where there is something else than certificates.
pub fn expiries(text: &str) -> Result<Vec<(String, String)>, String> {
    let (mut rest, mut found) = (text.trim(), Vec::new());
    while !rest.is_empty() {
        let block = pem::next(rest).ok_or("error during PEM decoding")?;
        let whole = rest.get(..rest.len() - block.rest.len()).unwrap_or_default().trim();
        found.push((format!("{whole}\n"), certificate::not_after(&block.bytes)?));
        rest = block.rest.trim_start();
    }
    Ok(found)
}

/// Whether the first block of a text is a public key.
///
/// # Errors
/// Where it is none.
pub fn public_key(text: &str) -> Result<(), String> {
    let block = pem::next(text).ok_or("PEM decoding failed")?;
    match block.kind.as_str() {
        "PUBLIC KEY" => pkix(&block.bytes),
        "RSA PUBLIC KEY" => Ok(()),
        kind => Err(format!("unknown Public key PEM file type: {kind}. Are you passing the correct public key?")),
    }
}

fn pkix(bytes: &[u8]) -> Result<(), String> {
    let length = sequence(bytes)?;
    if length < bytes.len() {
        return Err("x509: trailing data after ASN.1 of public-key".to_owned());
    }
    certificate::key(Der(bytes)).map(|_| ())
}

/// The length of the sequence that bytes begin with.
///
/// Go: encoding/asn1/asn1.go, parseTagAndLength and parseField.
fn sequence(bytes: &[u8]) -> Result<usize, String> {
    let syntax = |why: &str| format!("asn1: syntax error: {why}");
    let structure = |why: &str| format!("asn1: structure error: {why}");
    let truncated = || syntax("truncated tag or length");
    let Some((&tag, rest)) = bytes.split_first() else { return Err(syntax("sequence truncated")) };
    let (&first, rest) = rest.split_first().ok_or_else(truncated)?;
    let (mut length, mut at) = (usize::from(first & 0x7f), 2);
    if first >= 0x80 {
        let count = usize::from(first & 0x7f);
        if count == 0 {
            return Err(syntax("indefinite length found (not DER)"));
        }
        length = 0;
        for n in 0..count {
            let byte = *rest.get(n).ok_or_else(truncated)?;
            if length >= 1 << 23 {
                return Err(structure("length too large"));
            }
            length = length << 8 | usize::from(byte);
            if length == 0 {
                return Err(structure("superfluous leading zeros in length"));
            }
        }
        at += count;
        if length < 0x80 {
            return Err(structure("non-minimal length"));
        }
    }
    if tag != SEQUENCE {
        let (class, number, compound) = (tag >> 6, tag & 0x1f, tag & 0x20 != 0);
        return Err(structure(&format!(
            "tags don't match (16 vs {{class:{class} tag:{number} length:{length} isCompound:{compound}}}) \
             {{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 \
             timeType:0 set:false omitEmpty:false}} publicKeyInfo @{at}"
        )));
    }
    if at + length > bytes.len() {
        return Err(syntax("data truncated"));
    }
    Ok(at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXlrImE5uoOVQXiPqwanWuR12EUmd\n\
        HSqBJJVUYWCODQRtYVkGUxO3Ni0qnBqQLn/EpImRPc3Jrege3tXWLJz6iQ==\n\
        -----END PUBLIC KEY-----";

    #[test]
    fn keys() {
        let block = |body: &str| public_key(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"));
        assert_eq!(public_key(KEY), Ok(()));
        assert_eq!(block("x"), Err("PEM decoding failed".to_owned()));
        assert_eq!(block("MFkwEwYH"), Err("asn1: syntax error: data truncated".to_owned()));
        let why = "asn1: structure error: tags don't match (16 vs {class:0 tag:0 length:0 isCompound:false}) ";
        assert!(block("AAAA").is_err_and(|e| e.starts_with(why) && e.ends_with(" publicKeyInfo @2")));
    }

    #[test]
    fn texts_with_certificates() {
        assert_eq!(certificates(" \n"), Ok(0));
        assert_eq!(certificates("hello"), Err("error during PEM decoding".to_owned()));
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
        assert_eq!(certificates(bad), Err("x509: malformed certificate".to_owned()));
        assert!(!has_certificates(&format!("{KEY}\n{bad}")));
    }
}
