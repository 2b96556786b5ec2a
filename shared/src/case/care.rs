//! Contact that does no harm (联系须知): what a person asked for, or what their situation asks for.
//! Everything printed, sent or served respects it, and every form that leads to contact shows it.

use serde::{Deserialize, Serialize};

/// How a person of a case is to be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[cfg_attr(feature = "openapi", schema(as = ContactCare))]
pub struct Care {
    /// When they want to be reached, in words.
    pub hours: Option<String>,
    /// Not by telephone or message.
    pub do_not_call: bool,
    /// Nothing on the outside of a letter, and no word to others, says what it is about.
    pub neutral: bool,
    /// Somebody they trust, who may pass a message on.
    pub trusted: Option<String>,
}

impl Care {
    /// Whether anything is to be minded.
    pub const fn is_empty(&self) -> bool {
        self.hours.is_none() && !self.do_not_call && !self.neutral && self.trusted.is_none()
    }

    /// What is to be minded, in a line; none when nothing is.
    pub fn line(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.do_not_call {
            parts.push("不打电话、不发短信".to_owned());
        }
        if let Some(hours) = &self.hours {
            parts.push(format!("方便时间：{hours}"));
        }
        if self.neutral {
            parts.push("对外用中性措辞，信封和短信不提信访、检举".to_owned());
        }
        if let Some(trusted) = &self.trusted {
            parts.push(format!("可请{trusted}转告"));
        }
        (!parts.is_empty()).then(|| parts.join("；"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_minded_is_one_line() {
        assert_eq!(Care::default().line(), None);
        let care = Care {
            hours: Some("晚上7点后".to_owned()),
            do_not_call: true,
            neutral: false,
            trusted: Some("李四（姐姐）".to_owned()),
        };
        assert!(!care.is_empty());
        assert_eq!(
            care.line().as_deref(),
            Some("不打电话、不发短信；方便时间：晚上7点后；可请李四（姐姐）转告")
        );
    }
}
