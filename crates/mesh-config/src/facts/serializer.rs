//! From any value that serialises to its facts.

use core::fmt::{self, Display};

use mesh_core::time::Micros;
use serde::ser::{self, Serialize, Serializer};

use super::Fact;
use crate::document::TimeSpan;

/// Makes facts; fails only for what no JSON could hold.
pub(super) struct FactSerializer;

/// What no JSON could hold.
#[derive(Debug)]
pub(super) struct NoFact;

impl Display for NoFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value of JSON")
    }
}

impl core::error::Error for NoFact {}

impl ser::Error for NoFact {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// The values of a list, or of a variant that holds some.
pub(super) struct ListFacts(Vec<Fact>);

/// The entries of an object.
pub(super) struct EntryFacts {
    entries: Vec<(String, Fact)>,
    name: String,
    of_map: bool,
}

impl EntryFacts {
    fn new(of_map: bool) -> Self {
        Self { entries: Vec::new(), name: String::new(), of_map }
    }

    fn push(&mut self, name: String, value: &(impl Serialize + ?Sized)) -> Result<(), NoFact> {
        self.entries.push((name, value.serialize(FactSerializer)?));
        Ok(())
    }

    fn finish(self) -> Fact {
        if self.of_map { Fact::Map(self.entries) } else { Fact::Fields(self.entries) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no number of an explanation is above 2^53")]
impl Serializer for FactSerializer {
    type Ok = Fact;
    type Error = NoFact;
    type SerializeSeq = ListFacts;
    type SerializeTuple = ListFacts;
    type SerializeTupleStruct = ListFacts;
    type SerializeTupleVariant = ListFacts;
    type SerializeMap = EntryFacts;
    type SerializeStruct = EntryFacts;
    type SerializeStructVariant = EntryFacts;

    fn serialize_bool(self, value: bool) -> Result<Fact, NoFact> {
        Ok(Fact::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_i64(self, value: i64) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value as f64))
    }

    fn serialize_u8(self, value: u8) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value as f64))
    }

    fn serialize_f32(self, value: f32) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<Fact, NoFact> {
        Ok(Fact::Number(value))
    }

    fn serialize_char(self, value: char) -> Result<Fact, NoFact> {
        Ok(Fact::Text(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Fact, NoFact> {
        Ok(Fact::Text(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Fact, NoFact> {
        Err(NoFact)
    }

    fn serialize_none(self) -> Result<Fact, NoFact> {
        Ok(Fact::Absent)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Fact, NoFact> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Fact, NoFact> {
        Ok(Fact::Absent)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Fact, NoFact> {
        Ok(Fact::Absent)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Fact, NoFact> {
        Ok(Fact::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Fact, NoFact> {
        let fact = value.serialize(self)?;
        if let (TimeSpan::NAME, &Fact::Number(ms)) = (name, &fact) {
            let span = TimeSpan::from_millis(ms).map_or(Micros(0), TimeSpan::micros);
            return Ok(Fact::Span(span));
        }
        Ok(fact)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Fact, NoFact> {
        let mut entries = EntryFacts::new(false);
        entries.push(variant.to_owned(), value)?;
        Ok(entries.finish())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ListFacts, NoFact> {
        Ok(ListFacts(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<ListFacts, NoFact> {
        Ok(ListFacts(Vec::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ListFacts, NoFact> {
        Ok(ListFacts(Vec::new()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<ListFacts, NoFact> {
        Ok(ListFacts(Vec::new()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<EntryFacts, NoFact> {
        Ok(EntryFacts::new(true))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<EntryFacts, NoFact> {
        Ok(EntryFacts::new(false))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<EntryFacts, NoFact> {
        Ok(EntryFacts::new(false))
    }
}

/// The four kinds of list differ in nothing but the trait.
macro_rules! list {
    ($($name:ident, $method:ident;)*) => {
        $(impl ser::$name for ListFacts {
            type Ok = Fact;
            type Error = NoFact;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoFact> {
                self.0.push(value.serialize(FactSerializer)?);
                Ok(())
            }

            fn end(self) -> Result<Fact, NoFact> {
                Ok(Fact::List(self.0))
            }
        })*
    };
}

list! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

/// So do the two kinds of type. A field that is left out is noted as known.
macro_rules! fields {
    ($($name:ident;)*) => {
        $(impl ser::$name for EntryFacts {
            type Ok = Fact;
            type Error = NoFact;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), NoFact> {
                self.push(name.to_owned(), value)
            }

            fn skip_field(&mut self, name: &'static str) -> Result<(), NoFact> {
                self.entries.push((name.to_owned(), Fact::Absent));
                Ok(())
            }

            fn end(self) -> Result<Fact, NoFact> {
                Ok(self.finish())
            }
        })*
    };
}

fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for EntryFacts {
    type Ok = Fact;
    type Error = NoFact;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NoFact> {
        let Fact::Text(name) = key.serialize(FactSerializer)? else { return Err(NoFact) };
        self.name = name;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NoFact> {
        let name = core::mem::take(&mut self.name);
        self.push(name, value)
    }

    fn end(self) -> Result<Fact, NoFact> {
        Ok(self.finish())
    }
}
