-- Legal publicity: the library of laws, and campaigns.

CREATE TABLE laws (
    id       TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    title    TEXT COLLATE "C" NOT NULL,
    link     TEXT COLLATE "C",
    closed   BOOLEAN NOT NULL,
    position INTEGER NOT NULL,
    version  BIGINT NOT NULL
);
CREATE UNIQUE INDEX laws_title ON laws (title);

INSERT INTO laws (id, title, link, closed, position, version) VALUES
    ('xinfang', '信访工作条例', NULL, FALSE, 1, 1),
    ('tiaojie', '中华人民共和国人民调解法', NULL, FALSE, 2, 1),
    ('zhian', '中华人民共和国治安管理处罚法', NULL, FALSE, 3, 1),
    ('tudi', '中华人民共和国土地管理法', NULL, FALSE, 4, 1),
    ('chengbao', '中华人民共和国农村土地承包法', NULL, FALSE, 5, 1),
    ('chengbaozhongcai', '中华人民共和国农村土地承包经营纠纷调解仲裁法', NULL, FALSE, 6, 1),
    ('minfadian', '中华人民共和国民法典', NULL, FALSE, 7, 1),
    ('laodonghetong', '中华人民共和国劳动合同法', NULL, FALSE, 8, 1),
    ('gongzi', '保障农民工工资支付条例', NULL, FALSE, 9, 1),
    ('falvyuanzhu', '中华人民共和国法律援助法', NULL, FALSE, 10, 1),
    ('huanbao', '中华人民共和国环境保护法', NULL, FALSE, 11, 1),
    ('shui', '中华人民共和国水法', NULL, FALSE, 12, 1),
    ('cunweihui', '中华人民共和国村民委员会组织法', NULL, FALSE, 13, 1),
    ('fanjiabao', '中华人民共和国反家庭暴力法', NULL, FALSE, 14, 1),
    ('xingzhengfuyi', '中华人民共和国行政复议法', NULL, FALSE, 15, 1),
    ('jihuiyouxing', '中华人民共和国集会游行示威法', NULL, FALSE, 16, 1);

CREATE TABLE campaigns (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    township_id TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    -- The author's unit at that time.
    unit_id     TEXT COLLATE "C" NOT NULL REFERENCES units (id),
    author_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    on_day      DATE NOT NULL,
    form        TEXT COLLATE "C" NOT NULL,
    -- None: the whole township.
    village_id  TEXT COLLATE "C" REFERENCES units (id),
    place       TEXT COLLATE "C" NOT NULL,
    audience    INTEGER NOT NULL,
    handouts    INTEGER NOT NULL,
    summary     TEXT COLLATE "C",
    entered_at  TIMESTAMP NOT NULL,
    -- As the phone says.
    recorded_at TIMESTAMP,
    struck_at   TIMESTAMP,
    struck_by   TEXT COLLATE "C" REFERENCES users (id),
    struck_why  TEXT COLLATE "C",
    version     BIGINT NOT NULL
);
CREATE INDEX campaigns_township ON campaigns (township_id, on_day, id);

CREATE TABLE campaign_laws (
    campaign_id TEXT COLLATE "C" NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    law_id      TEXT COLLATE "C" NOT NULL REFERENCES laws (id),
    position    INTEGER NOT NULL,
    PRIMARY KEY (campaign_id, law_id)
);
CREATE INDEX campaign_laws_law ON campaign_laws (law_id, campaign_id);
