//! Rules as bytes, for compiled policy sets.

use super::control::Control;
use super::rule::{Exclusion, Level, Rule, Version};
use crate::file::wire::{Reader, WireError, Writer};
use crate::scalar::Glob;

impl Rule {
    /// Writes the rule.
    pub fn write(&self, w: &mut Writer) {
        w.u8(self.level as u8);
        match self.version {
            Version::Unset => w.u8(0),
            Version::Latest => w.u8(1),
            Version::Minor(minor) => {
                w.u8(2);
                w.number(minor);
            }
        }
        write_exclusions(&self.exclude, w);
    }

    /// Reads what [`write`](Self::write) wrote.
    pub fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let level = Level::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("level"))?;
        let version = match r.u8()? {
            0 => Version::Unset,
            1 => Version::Latest,
            2 => Version::Minor(r.number()?),
            _ => return Err(WireError::Invalid("version")),
        };
        Ok(Self { level, version, exclude: read_exclusions(r)? })
    }
}

/// Writes exclusions, of a rule or of an exception.
pub fn write_exclusions(exclusions: &[Exclusion], w: &mut Writer) {
    w.list(exclusions, |w, e| {
        w.u8(e.control as u8);
        w.list(&e.images, |w, g| w.str(g.as_str()));
        w.str(&e.field);
        w.list(&e.values, |w, g| w.str(g.as_str()));
    });
}

/// Reads what [`write_exclusions`] wrote.
pub fn read_exclusions(r: &mut Reader<'_>) -> Result<Vec<Exclusion>, WireError> {
    let globs = |r: &mut Reader<'_>| r.list(|r| r.str().map(Glob::new));
    r.list(|r| {
        Ok(Exclusion {
            control: Control::ALL.get(usize::from(r.u8()?)).copied().ok_or(WireError::Invalid("control"))?,
            images: globs(r)?,
            field: r.str()?.into(),
            values: globs(r)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_back() {
        let exclusion = |control| Exclusion {
            control,
            images: vec![Glob::new("*"), Glob::new("a?b")],
            field: "spec.hostPID".into(),
            values: vec![Glob::new("")],
        };
        for version in [Version::Unset, Version::Latest, Version::Minor(300)] {
            for level in Level::ALL {
                let rule = Rule { level, version, exclude: Control::ALL.map(exclusion).to_vec() };
                let mut w = Writer::default();
                rule.write(&mut w);
                let bytes = w.finish();
                let mut r = Reader::new(&bytes);
                assert_eq!(Rule::read(&mut r), Ok(rule));
                assert_eq!(r.end(), Ok(()));
            }
        }
        for bytes in [&[9, 0, 0][..], &[0, 3, 0], &[0, 0, 1, 99], &[0]] {
            assert!(Rule::read(&mut Reader::new(bytes)).is_err());
        }
    }
}
