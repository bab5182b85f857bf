"""Conversion between the scripts, with the traps that a sub-editor knows, and folding for search."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsroom.text import html, markup
from newsroom.text.chinese import bigrams, convert, convert_html, fold, phrase
from newsroom.text.lexicon import Lexicon
from tests import work
from tests.newsroom.markup_strategies import markup as hostile_markup

TO_TRADITIONAL = """
头发花白=頭髮花白 | 理发店开业=理髮店開業 | 千钧一发=千鈞一髮 | 怒发冲冠=怒髮衝冠
一触即发=一觸即發 | 爆发出火光=爆發出火光 | 一发现就报警=一發現就報警 | 现场发现遗体=現場發現遺體
脱发药物获批发售=脱髮藥物獲批發售 | 干净的饼干=乾淨的餅乾 | 若干干部干涉=若干幹部干涉
乾隆年间=乾隆年間 | 豆腐干晒干=豆腐乾曬乾 | 主干道干旱=主幹道乾旱 | 皇后大道=皇后大道
太后之后=太后之後 | 前后两任影后=前後兩任影后 | 后来王后到访=後來王后到訪 | 隨着=隨着
随着局势发展=隨着局勢發展 | 群众走着回家=羣眾走着回家 | 著名作家着手写作=著名作家着手寫作
里面三公里=裏面三公里 | 这里是里斯本=這裏是里斯本 | 马里和索马里=馬里和索馬里 | 木马里面=木馬裏面
邻里之间=鄰里之間 | 卫生署说明=衞生署説明 | 床上=牀上 | 山峰温度=山峯温度
为了解决问题=為了解決問題 | 了解情况=了解情況 | 公布结果并发布警告=公布結果並發布警告
台风吹袭台湾=颱風吹襲台灣 | 一台电视台词=一台電視台詞 | 战斗机对抗北斗=戰鬥機對抗北斗
山谷里的谷物=山谷裏的穀物 | 面粉做的方便面=麵粉做的方便麵 | 面对面条=面對麵條
松树下放松=松樹下放鬆 | 系统联系系数=系統聯繫係數 | 系鞋带=繫鞋帶
船只靠岸只有一只=船隻靠岸只有一隻 | 制造制度=製造制度 | 征税远征象征=徵税遠征象徵
复杂的恢复重复答复=複雜的恢復重複答覆 | 反复覆盖=反覆覆蓋 | 冲突冲洗=衝突沖洗
试卷卷土重来=試卷捲土重來 | 借口借钱=藉口借錢 | 批准准备=批准準備 | 尽管尽力=儘管盡力
历史日历=歷史日曆 | 时钟钟南山=時鐘鍾南山 | 占领占卜=佔領占卜 | 凶手采访=兇手採訪
旅游游泳=旅遊游泳 | 防御御用=防禦御用 | 刚才的人才=剛才的人才 | 并且合并=並且合併
划船计划=划船計劃 | 困倦困难=睏倦困難 | 关注注册=關注註冊 | 代表的手表=代表的手錶
标志志愿=標誌志願 | 茶几上几乎空着=茶几上幾乎空着 | 呼吁气喘吁吁=呼籲氣喘吁吁 | 胡须二胡=鬍鬚二胡
咸鱼咸丰=鹹魚咸豐 | 姜汁姜文=薑汁姜文 | 症状症结=症狀癥結 | 折叠打折=摺疊打折 | 签署抽签=簽署抽籤
当天叮当=當天叮噹 | 词汇汇率=詞彙匯率 | 论坛酒坛=論壇酒罈 | 忧郁郁达夫=憂鬱郁達夫
精致致力=精緻致力 | 丑闻小丑=醜聞小丑 | 内存软件出租车=內存軟件出租車 | 朴素的朴槿惠=樸素的朴槿惠
公园的秋千=公園的鞦韆 | 前仆后继的仆人=前仆後繼的僕人 | 范徐丽泰=范徐麗泰
范仲淹的规范=范仲淹的規範 | 于右任于今日=于右任於今日 | 余光中其余=余光中其餘 | 岳飞=岳飛
朱镕基=朱鎔基 | 沈阳沈先生=瀋陽沈先生 | 特里萨·梅=特里薩·梅 | 东铁线前线=東鐵綫前線
汇丰银行=滙豐銀行
"""
TO_SIMPLIFIED = """
隨着=随着 | 隨著局勢=随着局势 | 顯著的著作=显著的著作 | 原著作者看著=原著作者看着
裏面裡面=里面里面 | 羣眾群眾=群众群众 | 電綫電線=电线电线 | 為什麼爲何=为什么为何
衞生衛生=卫生卫生 | 説明說明=说明说明 | 拉麪拉麵=拉面拉面 | 温度溫度=温度温度 | 啓動啟動=启动启动
污染汙染=污染污染 | 鑑定鑒定=鉴定鉴定 | 牀上山峯=床上山峰 | 颱風台灣臺灣=台风台湾台湾
乾隆乾淨=乾隆干净 | 頭髮發展=头发发展 | 皇后後來=皇后后来 | 餘額余先生=余额余先生
瞭解瞭望=了解瞭望 | 藉口慰藉=借口慰藉 | 東涌深水埗=东涌深水埗 | 滙豐匯豐=汇丰汇丰 | 甚麼=什么
商舖傢俬=商铺家私 | 祕書秘書=秘书秘书 | 週刊周刊=周刊周刊 | 搵到嗰個劏房=搵到嗰个劏房
髮妻後悔=发妻后悔 | 範圍范太=范围范太 | 幹部干涉=干部干涉 | 徵税=征税 | 鬥爭=斗争
"""


def pairs(table: str) -> list[tuple[str, str]]:
    entries = [entry.strip() for line in table.strip().splitlines() for entry in line.split("|")]
    return [tuple(entry.split("=")) for entry in entries]


@pytest.mark.parametrize(("written", "read"), pairs(TO_TRADITIONAL))
def test_simplified_is_converted_to_hong_kong_usage(written, read):
    assert convert(written, "zh-hant") == read


@pytest.mark.parametrize(("written", "read"), pairs(TO_SIMPLIFIED))
def test_traditional_is_converted_to_simplified(written, read):
    assert convert(written, "zh-hans") == read


@pytest.mark.parametrize(
    "text", ["隨着羣眾在裏面", "乾隆年間的頭髮", "東鐵綫", "颱風", "公布", "馬里", "English 123 【02:45】"]
)
def test_text_already_in_the_script_is_unchanged(text):
    assert convert(text, "zh-hant") == text


@pytest.mark.parametrize("text", ["「后」『發』“头”‘发’《里》【02:45】"])
def test_quotation_marks_are_unchanged(text):
    assert [mark for mark in convert(text, "zh-hant") if not mark.isalnum()] == [
        mark for mark in text if not mark.isalnum()
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("见https://example.com/发，发表", "見https://example.com/发，發表"),
        ("https://zh.example.org/wiki/头发 发表", "https://zh.example.org/wiki/头发 發表"),
        ("（www.example.com/后）后来", "（www.example.com/后）後來"),
        ("https://example.com发表", "https://example.com發表"),
        ("电邮news@example.com发出", "電郵news@example.com發出"),
        ("@发哥 发文", "@发哥 發文"),
    ],
)
def test_urls_and_account_names_are_unchanged(written, read):
    assert convert(written, "zh-hant") == read


@pytest.mark.parametrize(
    ("written", "terms", "read"),
    [
        ("发哥发言", {"发哥": "发哥"}, "发哥發言"),
        ("特朗普", {"特朗普": "杜林普"}, "杜林普"),
        ("里海与里海峡", {"里海": "裏海", "里海峡": "里海峽"}, "裏海與里海峽"),
        ("干了", {"干": "后"}, "后了"),
        ("范太", {"范太": "範太"}, "範太"),
        ("https://example.com/发哥", {"发哥": "發哥"}, "https://example.com/发哥"),
        ("C++ [发]", {"[发]": "[发]", "C++": "C++"}, "C++ [发]"),
    ],
)
def test_the_longest_term_wins_and_is_not_converted_again(written, terms, read):
    assert convert(written, "zh-hant", terms) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<p>头<b>发</b>后</p>", "<p>頭<b>髮</b>後</p>"),
        (
            '<p><a href="https://example.com/发">发展</a></p>',
            '<p><a href="https://example.com/发">發展</a></p>',
        ),
        ("<p><code>发=里</code>里面</p><pre>后</pre>", "<p><code>发=里</code>裏面</p><pre>后</pre>"),
        ("<p>A&amp;B&lt;发&#21457;</p>", "<p>A&amp;B&lt;發發</p>"),
        ("<ul><li>一</li><li>发现</li></ul>", "<ul><li>一</li><li>發現</li></ul>"),
        ("<p>头</p><p>发现</p>", "<p>頭</p><p>發現</p>"),
        ("<p>头<br>发现</p>", "<p>頭<br>發現</p>"),
        ("", ""),
        ("<hr>", "<hr>"),
    ],
)
def test_rich_text_keeps_its_tags_and_its_code(written, read):
    assert convert_html(html.clean(written), "zh-hant") == html.clean(read)


@pytest.mark.parametrize(
    ("terms", "read"),
    [
        ({"发哥": "发哥"}, "<p>发<b>哥</b>發</p>"),
        ({"发": "发达"}, "<p>发达<b>哥</b>发达</p>"),
        ({"发哥": "周润发先生"}, "<p>周<b>润发先生</b>發</p>"),
        ({"发哥发": "周"}, "<p>周<b></b></p>"),
    ],
)
def test_term_matches_across_tags_and_is_split_like_its_source(terms, read):
    assert convert_html("<p>发<b>哥</b>发</p>", "zh-hant", terms) == read


@pytest.mark.parametrize(
    ("term", "replacement", "read"),
    [
        (
            "停火",
            "<script>alert(1)</script>",
            "<p>&lt;script&gt;alert(1)&lt;/script&gt; A&amp;B &lt;b&gt;</p>",
        ),
        ("amp", "<img src=x onerror=alert(1)>", "<p>停火 A&amp;B &lt;b&gt;</p>"),
        ("&", "&lt;", "<p>停火 A&amp;lt;B &lt;b&gt;</p>"),
        ("<b>", "</p><b>", "<p>停火 A&amp;B &lt;/p&gt;&lt;b&gt;</p>"),
        ("p", "script", "<p>停火 A&amp;B &lt;b&gt;</p>"),
        ("停火", 'x" onload="y', '<p>x" onload="y A&amp;B &lt;b&gt;</p>'),
        ("停火", "一\x01\u00a0二", "<p>一 二 A&amp;B &lt;b&gt;</p>"),
        ("", "<b>", "<p>停火 A&amp;B &lt;b&gt;</p>"),
    ],
)
def test_replacement_is_always_escaped_text(term, replacement, read):
    written = html.clean("<p>停火 A&amp;B &lt;b&gt;</p>")
    assert convert_html(written, "zh-hans", {term: replacement}) == read


def test_link_urls_are_unchanged():
    written = html.clean('<p><a href="https://a.example/?停火=1&amp;b=2">停火</a></p>')
    terms = {"停火": '"><script>', "a.example": "evil.example", "amp": "x", "noopener": "opener", "href": "x"}
    assert convert_html(written, "zh-hans", terms) == written.replace(">停火<", '>"&gt;&lt;script&gt;<')


hostile_terms = st.dictionaries(
    st.sampled_from(
        ["停火", "火", "火协", "字", "<", ">", "&", "amp", "lt", "p", "b", '"', " ", "\n", "The", "="]
    )
    | st.text(max_size=3),
    st.sampled_from(
        ["<script>x</script>", "&lt;", "</p>", "<p>", '" onclick="x', "\x01", "\r\n", " ", "", "　"]
    )
    | st.text(max_size=4),
    max_size=4,
)
texts = st.lists(
    st.sampled_from(
        ["停火協議", "停火", "<p>", "</p>", "<b>", "</b>", "<br>", "&amp;", "&lt;", "<li>", "<td>", "<q>"]
    )
    | hostile_markup,
    max_size=8,
).map("".join)


@given(texts, hostile_terms, st.sampled_from(["zh-hant", "zh-hans"]))
def test_converted_rich_text_is_sanitized_rich_text(text, terms, edition):
    converted = convert_html(html.clean(text), edition, terms)
    assert html.clean(converted) == converted


@given(texts, hostile_terms, st.sampled_from(["zh-hant", "zh-hans"]))
def test_text_of_converted_rich_text_is_the_converted_text(text, terms, edition):
    written = html.clean(text).replace("<code>", "").replace("</code>", "").replace("pre>", "p>")
    expected = "".join(convert(block, edition, terms) for block in texts_of_blocks(html.clean(written)))
    converted = "".join(texts_of_blocks(convert_html(html.clean(written), edition, terms)))
    assert without_spaces(converted) == without_spaces(html.printable(expected))


def texts_of_blocks(rich_text: str) -> list[str]:
    """Return the decoded texts between the tags of blocks."""
    texts = [""]
    for token in markup.read(rich_text):
        if isinstance(token, str):
            texts[-1] += token
        elif token.tag == "br" or token.tag in html.BLOCK_TAGS | html.INNER_TAGS:
            texts.append("")
    return texts


def without_spaces(text: str) -> str:
    return "".join(text.split())


@given(
    st.text("停火協議a@. ", max_size=30),
    st.dictionaries(st.text("停火協議a@", min_size=1, max_size=3), st.text("字x", max_size=2), max_size=6),
    st.dictionaries(st.text("停火協議a@", min_size=1, max_size=3), st.text("詞y", max_size=2), max_size=6),
)
def test_several_lists_of_terms_act_as_one(text, glossary, own):
    assert convert(text, "zh-hant", glossary, own) == convert(text, "zh-hant", glossary | own)


@pytest.mark.parametrize(
    "text", ["停火", "<p>停<b>火</b>", "a", "a@", "http://", "甲乙", "&lt;", "<code>停火", "@停"]
)
def test_work_is_linear_in_the_length_of_the_text(text):
    terms = Lexicon({"停": "x", "停火了": "yy", "甲": "<", "a" * 80 + "b": "z"})
    work.assert_linear(lambda size: convert_html(html.clean(text * size), "zh-hans", terms), 400)


def test_work_does_not_depend_on_the_number_of_terms():
    def work_with(count: int) -> int:
        terms = Lexicon({f"停火{number}": "x" for number in range(count)})
        return work.count_calls(lambda: convert("停火協議" * 500, "zh-hans", terms))

    work_with(10)
    assert work_with(5_000) <= work_with(10) * 1.05


def test_unknown_script_raises_value_error():
    with pytest.raises(ValueError, match="en"):
        convert("头发", "en")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("裡面", "裏面"),
        ("裏面", "里面"),
        ("羣眾", "群众"),
        ("看著", "看着"),
        ("臺灣", "台湾"),
        ("ＡＢＣ", "abc"),
        ("後髮", "后发"),
        ("乾隆", "干隆"),
        ("衞説", "卫说"),
        ("STRASSE", "straße"),
    ],
)
def test_folding_removes_differences_between_forms(one, other):
    assert fold(one) == fold(other)


def test_every_character_folds_like_its_simplified_form():
    characters = [chr(code) for code in range(0x4E00, 0xA000)]
    simplified = convert(" ".join(characters), "zh-hans").split(" ")
    pairs = list(zip(characters, simplified, strict=True))
    assert [pair for pair in pairs if fold(pair[0]) != fold(pair[1])] == []


@given(st.text("停火協議乾隆發後裏着 G7", max_size=20), st.text("停火協議乾隆發後裏着 G7", max_size=20))
def test_folding_does_not_depend_on_the_neighbours(one, other):
    assert fold(one + other) == fold(one) + fold(other)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("停火協議", ["停火", "火协", "协议", "议"]),
        ("火", ["火"]),
        ("G7峰會", ["g7", "峰会", "会"]),
        ("3月18日", ["3", "月", "18", "日"]),
        ("cease-fire, 停。火", ["cease", "fire", "停", "火"]),
        ("", []),
        ("，。!", []),
    ],
)
def test_tokens_are_han_bigrams_and_words_of_other_scripts(text, tokens):
    assert bigrams(text) == tokens


@given(st.text("停火協議發G7 3月，a", min_size=1, max_size=30), st.data())
def test_every_part_of_a_text_matches_it_as_a_phrase(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    words_are_whole = not _cuts_a_word(text, start) and not _cuts_a_word(text, end)
    tokens, is_beginning = phrase(text[start:end])
    assume(words_are_whole and tokens)
    text_tokens = bigrams(text)
    assert any(
        text_tokens[at : at + len(tokens) - 1] == tokens[:-1]
        and (
            text_tokens[at + len(tokens) - 1].startswith(tokens[-1])
            if is_beginning
            else text_tokens[at + len(tokens) - 1] == tokens[-1]
        )
        for at in range(len(text_tokens) - len(tokens) + 1)
    )


def _cuts_a_word(text: str, at: int) -> bool:
    around = text[at - 1 : at + 1] if at else ""
    return len(around) == 2 and around.isascii() and around.isalnum()
