//! JSON into types.
//!
//! `serde_json` first makes a tree of it; the types are read from the tree by the small
//! [`Deserializer`] here. It knows one way into each shape and one error, so that what serde derives
//! for a type is a third of the size that it has with `serde_json`'s own, in an app whose download
//! has some hundred types.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::{Map, Value};

/// The text is no JSON, or not of the type. Which field it was is for the server's tests to say.
#[derive(Debug)]
pub struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unexpected JSON")
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// Reads JSON.
///
/// # Errors
/// [`Unfit`].
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Unfit> {
    T::deserialize(Json(parsed(text)?))
}

fn parsed(text: &str) -> Result<Value, Unfit> {
    serde_json::from_str(text).map_err(|_| Unfit)
}

struct Json(Value);

/// A JSON object that is read field by field: for a type whose fields lie flat beside those of
/// another, where serde's `flatten` would read each through a tree of its own.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    /// Takes the object over.
    pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::Deserialize::deserialize(deserializer).map(Self)
    }

    /// Reads a type from all of it.
    pub(crate) fn whole<T: DeserializeOwned>(&self) -> Result<T, Unfit> {
        T::deserialize(Json(Value::Object(self.0.clone())))
    }

    /// Reads one field; a missing one reads as `null`.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, field: &str) -> Result<T, Unfit> {
        T::deserialize(Json(self.0.remove(field).unwrap_or_default()))
    }
}

/// The shapes that are read in one way only.
macro_rules! shapes {
    ($( $method:ident($value:pat) => $visit:ident($made:expr); )+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
                match self.0 {
                    $value => visitor.$visit($made),
                    _ => Err(Unfit),
                }
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Json {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(on) => visitor.visit_bool(on),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items(items.into_iter())),
            Value::Object(object) => visitor.visit_map(Entries::new(object)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            Value::Object(object) => {
                visitor.visit_enum(MapAccessDeserializer::new(Entries::new(object)))
            }
            _ => Err(Unfit),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_unit()
    }

    shapes! {
        deserialize_bool(Value::Bool(on)) => visit_bool(on);
        deserialize_str(Value::String(text)) => visit_string(text);
        deserialize_string(Value::String(text)) => visit_string(text);
        deserialize_seq(Value::Array(items)) => visit_seq(Items(items.into_iter()));
        deserialize_map(Value::Object(object)) => visit_map(Entries::new(object));
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct identifier
    }
}

struct Items(std::vec::IntoIter<Value>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unfit> {
        self.0
            .next()
            .map(|item| seed.deserialize(Json(item)))
            .transpose()
    }
}

struct Entries {
    rest: serde_json::map::IntoIter,
    value: Value,
}

impl Entries {
    fn new(object: Map<String, Value>) -> Self {
        Self {
            rest: object.into_iter(),
            value: Value::Null,
        }
    }

    fn advance(&mut self) -> Option<String> {
        let (key, value) = self.rest.next()?;
        self.value = value;
        Some(key)
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unfit> {
        match self.advance() {
            Some(key) => seed.deserialize(StrDeserializer::new(&key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Unfit> {
        seed.deserialize(Json(self.value.take()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::matter::FieldKind;
    use crate::case::matter::form::Field;
    use std::collections::BTreeMap;

    #[test]
    fn types_are_read_as_serde_json_reads_them() {
        let fields = vec![
            Field::rows(
                "items",
                "履行事项",
                vec![
                    Field::date("due_on", "期限").required(),
                    Field::text("what", "内容", 200),
                ],
                1,
                20,
            ),
            Field::new("n", "人数", FieldKind::Number { min: 1, max: 9 }).value("3"),
        ];
        let text = serde_json::to_string(&fields).unwrap();
        assert_eq!(read::<Vec<Field>>(&text).unwrap(), fields);

        let text = r#"{"a":[1,-2,1.5,"x",null,true],"b":{}}"#;
        let value: Value = read(text).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());

        let map: BTreeMap<String, Option<i64>> = read(r#"{"a":-1,"b":null}"#).unwrap();
        assert_eq!(map.get("a"), Some(&Some(-1)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(read::<Vec<String>>("{}").is_err());
        assert!(read::<Vec<String>>("[1]").is_err());
        assert!(read::<FieldKind>(r#"{"type":"nothing"}"#).is_err());
        assert!(read::<Field>(r#"{"name":"a"}"#).is_err());
        assert!(read::<u8>("300").is_err());
        assert!(read::<bool>("not JSON").is_err());
    }
}
