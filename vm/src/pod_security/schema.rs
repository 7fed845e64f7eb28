//! The types, ready for looking fields up by the keys of documents.

use super::types::{CronJob, Deployment, Pod, RESTRICTED, Role, Struct, Type};
use crate::document::{Document, Key, Kind, Layout, LayoutBuilder, Segment, Symbols};

/// Number of a struct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StructId(u8);

/// A field with what is worked out from its type once.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// The embedded struct that it comes from
    pub(super) embedded: Option<&'static str>,
    pub(super) ty: &'static Type,
    /// The struct in the type, where there is one
    pub(super) of: StructId,
    pub(super) role: Role,
    /// The kind of scalar that there is no more to be said about
    pub(super) plain: Option<Kind>,
    /// For a source of volumes that is not allowed everywhere, its place in the list of those
    pub(super) restricted: Option<u8>,
}

/// What a key is to a struct.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lookup<'s> {
    /// The name of a field
    Field(&'s Known),
    /// A name that Go takes for that of a field, because only case differs
    Folded(&'s Known),
    /// Something that is passed over
    Unknown,
}

/// A struct's fields: a range of all of them.
#[derive(Debug)]
struct Shape {
    def: &'static Struct,
    from: u16,
    to: u16,
}

/// How pods and their controllers are read. Made once for a layout, to be shared.
#[derive(Debug)]
pub struct Schema {
    names: Symbols,
    structs: Vec<Shape>,
    fields: Vec<Known>,
    /// Open addressing by struct and name: an entry is (struct and name, field), 0 where free.
    table: Vec<(u32, u16)>,
    /// The number from 1 of the name that a symbol of the layout is; 0 where it is none.
    of_symbol: Vec<u16>,
    /// The layout's number; 0 where there is none
    layout: u64,
}

const TABLE: usize = 2048;

impl Schema {
    /// Says what reading a pod needs of documents. Without it nothing is found in them.
    ///
    /// With `whole` that is everything. Otherwise it is what checks look at, which is enough for objects that an API
    /// server has decoded: of `status` and `managedFields` only the first character is then looked at.
    pub fn want(layout: &mut LayoutBuilder, whole: bool) {
        let plain = Self::unbound();
        plain.names.names().for_each(|name| _ = layout.sym(name));
        let mut want = |keys: &[&str]| {
            let path: Vec<_> = keys.iter().map(|k| Segment::Key(layout.sym(k))).collect();
            layout.want(&path, true);
        };
        if whole {
            return want(&[]);
        }
        want(&["spec"]);
        for field in super::types::metadata().filter(|f| *f != "managedFields") {
            want(&["metadata", field]);
        }
    }

    /// For documents of a layout. Those of another one are read as well, a bit slower.
    pub fn new(layout: &Layout) -> Self {
        let mut schema = Self::unbound();
        let name = |text| schema.names.lookup(text).map_or(0, |n| n.number() as u16 + 1);
        schema.of_symbol = layout.symbols().names().map(name).collect();
        schema.layout = layout.id();
        schema
    }

    fn unbound() -> Self {
        let mut schema = Self {
            names: Symbols::default(),
            structs: Vec::new(),
            fields: Vec::new(),
            table: vec![(0, 0); TABLE],
            of_symbol: Vec::new(),
            layout: 0,
        };
        for root in [&Pod, &Deployment, &CronJob] {
            schema.add(root);
        }
        schema
    }

    /// The number of a struct, which is added with everything in it where it is new.
    fn add(&mut self, def: &'static Struct) -> StructId {
        if let Some(known) = self.id(def) {
            return known;
        }
        let id = StructId(self.structs.len() as u8);
        self.structs.push(Shape { def, from: 0, to: 0 });
        let embedded = def.embedded.iter().flat_map(|e| e.of.fields.iter().map(|f| (Some(e.name), f)));
        let all: Vec<_> = embedded.chain(def.fields.iter().map(|f| (None, f))).collect();
        let of: Vec<_> = all.iter().map(|(_, f)| inner(&f.ty).map(|s| self.add(s)).unwrap_or_default()).collect();
        let from = self.fields.len() as u16;
        for ((embedded, field), of) in all.into_iter().zip(of) {
            let number = self.fields.len() as u16;
            let restricted = RESTRICTED.iter().position(|name| field.role == Role::Source && *name == field.name);
            let restricted = restricted.map(|n| n as u8);
            let plain = match field.ty {
                Type::Text(_) => Some(Kind::Str),
                Type::Bool => Some(Kind::Bool),
                _ => None,
            };
            self.fields.push(Known {
                name: field.name,
                embedded,
                ty: &field.ty,
                of,
                role: field.role,
                plain: plain.filter(|_| field.role == Role::None),
                restricted,
            });
            let name = self.names.intern(field.name).number() + 1;
            self.place(key(id, name), number);
        }
        let to = self.fields.len() as u16;
        if let Some(shape) = self.structs.get_mut(usize::from(id.0)) {
            (shape.from, shape.to) = (from, to);
        }
        id
    }

    fn place(&mut self, key: u32, field: u16) {
        let mut at = hash(key);
        while let Some(entry) = self.table.get_mut(at) {
            if entry.0 == 0 {
                *entry = (key, field);
                return;
            }
            at = (at + 1) % TABLE;
        }
    }

    /// The number of a struct that is known.
    pub(super) fn id(&self, def: &'static Struct) -> Option<StructId> {
        self.structs.iter().position(|s| std::ptr::eq(s.def, def)).map(|n| StructId(n as u8))
    }

    /// The name of a struct.
    pub(super) fn name(&self, id: StructId) -> &'static str {
        self.structs.get(usize::from(id.0)).map_or("", |s| s.def.name)
    }

    /// Whether symbols of a document are those of the layout that this was made for.
    pub(super) fn is_bound(&self, doc: &Document<'_>) -> bool {
        self.layout == doc.layout().id()
    }

    /// The field that a key names.
    #[inline]
    pub(super) fn field(&self, of: StructId, doc: &Document<'_>, key: Key, bound: bool) -> Lookup<'_> {
        let name = if bound {
            key.sym().and_then(|s| self.of_symbol.get(s.number() as usize)).map_or(0, |name| u32::from(*name))
        } else {
            self.names.lookup(doc.key_text(key)).map_or(0, |s| s.number() + 1)
        };
        match self.find(of, name) {
            Some(field) => Lookup::Field(field),
            None => self.folded(of, doc.key_text(key)),
        }
    }

    /// The field of a name, by its number from 1; 0 is no name.
    #[inline]
    fn find(&self, of: StructId, name: u32) -> Option<&Known> {
        let key = key(of, name);
        let mut at = hash(key);
        loop {
            let &(found, field) = self.table.get(at)?;
            if found == key {
                return self.fields.get(usize::from(field));
            }
            if found == 0 {
                return None;
            }
            at = (at + 1) % TABLE;
        }
    }

    #[cold]
    fn folded(&self, of: StructId, key: &str) -> Lookup<'_> {
        let range = self.structs.get(usize::from(of.0)).map(|s| usize::from(s.from)..usize::from(s.to));
        let mut fields = range.and_then(|r| self.fields.get(r)).unwrap_or_default().iter();
        fields.find(|f| folds(f.name, key)).map_or(Lookup::Unknown, Lookup::Folded)
    }
}

/// The struct inside a type.
fn inner(ty: &Type) -> Option<&'static Struct> {
    match ty {
        Type::Struct(s) => Some(s),
        Type::List(of) | Type::Map(_, of) => inner(of),
        _ => None,
    }
}

/// Never 0, whatever the name.
fn key(of: StructId, name: u32) -> u32 {
    (u32::from(of.0) + 1) << 16 | name
}

fn hash(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b9) >> 21) as usize % TABLE
}

/// Go: encoding/json, fold.go: letters of either case are the same, and two signs count as the letters they look like.
fn folds(name: &str, key: &str) -> bool {
    let fold = |c: char| match c {
        'ſ' => 'S',
        '\u{212a}' => 'K',
        c => c.to_ascii_uppercase(),
    };
    name.chars().map(fold).eq(key.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Buffers, JsonOptions, read_json};

    #[test]
    fn every_field_is_found_by_its_name() {
        let schema = Schema::unbound();
        assert!(schema.structs.len() > 140 && schema.fields.len() > 650);
        for (number, shape) in schema.structs.iter().enumerate() {
            let id = StructId(number as u8);
            for field in &schema.fields[usize::from(shape.from)..usize::from(shape.to)] {
                let name = schema.names.lookup(field.name).unwrap().number() + 1;
                let found = schema.find(id, name).unwrap();
                assert!(std::ptr::eq(found, field), "{}.{}", shape.def.name, field.name);
            }
        }
    }

    #[test]
    fn restricted_sources_are_fields_of_volumes() {
        let schema = Schema::unbound();
        let found: Vec<_> = schema.fields.iter().filter_map(|f| Some((f.restricted?, f.name))).collect();
        assert_eq!(found.len(), RESTRICTED.len());
        assert!(found.iter().all(|(n, name)| RESTRICTED[usize::from(*n)] == *name));
    }

    #[test]
    fn case_does_not_count() {
        assert!(folds("hostNetwork", "hostnetwork") && folds("hostNetwork", "HOSTNETWORK"));
        assert!(folds("hostUsers", "hoſtUsers") && !folds("hostIP", "hostIPC"));
    }

    #[test]
    fn a_layout_binds_the_names() {
        let mut builder = LayoutBuilder::default();
        builder.sym("unrelated");
        Schema::want(&mut builder, false);
        let layout = builder.finish();
        let schema = Schema::new(&layout);
        let text = r#"{"spec": {"hostNetwork": true, "unrelated": 1, "x": 2, "hostnetwork": 3}}"#;
        let doc = read_json(text, &layout, Buffers::default(), JsonOptions::default()).unwrap();
        let spec = doc.get_str(doc.root().unwrap(), "spec").unwrap();
        let of = StructId(schema.structs.iter().position(|s| s.def.name == "PodSpec").unwrap() as u8);
        for bound in [true, false] {
            let found: Vec<_> = doc.entries(spec).map(|(key, _)| schema.field(of, &doc, key, bound)).collect();
            assert!(matches!(found[0], Lookup::Field(f) if f.name == "hostNetwork"));
            assert!(matches!(found[1], Lookup::Unknown) && matches!(found[2], Lookup::Unknown));
            assert!(matches!(found[3], Lookup::Folded(f) if f.name == "hostNetwork"));
        }
    }
}
