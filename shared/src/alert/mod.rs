//! Urgent information (重要信息、突发事件预警): reported from a phone, seen at once by leaders, the
//! office and the police station, acknowledged, dispatched, closed; each step is timed.
//!
//! | module | what it settles |
//! | --- | --- |
//! | [`step`] | which step may follow which |
//! | [`times`] | how long it took to report, to acknowledge and to dispatch, against the limits |
//! | [`input`] | what people enter |
//! | [`view`] | what people see |

pub mod input;
pub mod step;
pub mod times;
pub mod view;

use crate::terms;

pub use step::{AlertState, AlertStep};

terms! {
    /// What happened.
    AlertKind, "重要信息类型" {
        /// People gather.
        Crowd = "crowd", "群体聚集";
        /// Somebody threatens to do something.
        Threat = "threat", "扬言";
        /// Public order.
        Order = "order", "治安";
        /// A disaster or an accident.
        Disaster = "disaster", "灾害事故";
        /// Public opinion, online or off.
        Opinion = "opinion", "舆情";
        /// Something else.
        Other = "other", "其他";
    }
}

terms! {
    /// What is done with urgent information.
    AlertDeed, "重要信息操作" {
        /// See what is the own to see.
        List = "list", "查看";
        /// Report it.
        Report = "report", "上报";
        /// Say that one has seen it and takes care.
        Acknowledge = "acknowledge", "签收";
        /// Send somebody.
        Dispatch = "dispatch", "派处置";
        /// Say how it goes on.
        Note = "note", "反馈";
        /// End it with a result.
        Close = "close", "办结";
        /// Make a case of it, or link it to one.
        Case = "case", "转为事项";
        /// Enter what was found later and had not been reported.
        Missed = "missed", "补登漏报";
        /// See how much was reported in time.
        Rate = "rate", "查看报送率";
    }
}

/// Words that only an accusation has.
const ACCUSING: &[&str] = &[
    "检举",
    "控告",
    "贪污",
    "受贿",
    "索贿",
    "行贿",
    "以权谋私",
    "侵吞",
    "挪用公款",
    "违法违纪",
    "吃拿卡要",
    "优亲厚友",
];
/// Whom an accusation is against, where the word alone (`举报`) may as well be about a gas leak.
const OFFICIALS: &[&str] = &[
    "书记",
    "主任",
    "干部",
    "领导",
    "镇长",
    "村长",
    "社长",
    "支书",
    "会计",
    "所长",
    "民警",
    "法官",
    "庭长",
    "信息员",
];

/// The word by which a text reads like an accusation of officials (检举控告), which must be
/// registered, where it is sealed (《信访工作条例》第三十条), and never told to many.
pub fn accusing(text: &str) -> Option<&'static str> {
    let plain = ACCUSING.iter().find(|word| text.contains(**word));
    let tip = || {
        let told = text.contains("举报") && OFFICIALS.iter().any(|word| text.contains(word));
        told.then_some("举报")
    };
    plain.copied().or_else(tip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accusation_is_told_from_a_tip() {
        for text in [
            "村民检举村干部",
            "实名控告",
            "村会计贪污补助款",
            "举报某村书记",
            "有人举报村主任占地",
        ] {
            assert!(accusing(text).is_some(), "{text}");
        }
        for text in [
            "群众举报煤气泄漏",
            "约30人在村委会门口聚集，村干部在劝",
            "扬言去省里上访",
            "渠道决口，淹了20亩",
        ] {
            assert_eq!(accusing(text), None, "{text}");
        }
    }
}
