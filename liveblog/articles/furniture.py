"""Recognition of lines that are not coverage: buttons, by-lines, credits, captions, notes of the site."""

from __future__ import annotations

import re
from typing import Final

from newsroom.text.line_breaks import columns_of

_LONGEST: Final = 320
_SHORT: Final = 64

# Match a whole line, apart from signs around it.
_BUTTONS: Final = re.compile(
    r"(?:the )?end|ends|全文完|完|待續|待续|from|updated|update \d+|link copied!?"
    r"|[\d,]+ (?:posts?|viewing|people (?:viewing|watching))|edited"
    r"|headlines|highlights"
    r"|(?:skip )?advertisements?|[即實实][時时]更新|字[號号](?:大小)?|[瀏浏][覽览]\s*[\d.,]+\s*[w萬万k次]*"
    r"|[讚赞]\s?\d+(?:\s?分享)?|最新|新增?|new|bookmark|copied!?|key updates|return to (?:menu|top)"
    r"|whatsapp|telegram|facebook|instagram|linkedin|messenger|wechat|微信|微博|複製|複製連結"
    r"|回到?(?:最上|[頂顶]部|[頁页]首)|跳(?:到|至).{1,8}"
    r"|breaking(?: news)?"
    r"|here are the (?:latest|key|main) .{1,30}|reaction icon \d+|查看原始文章|[閱阅][讀读]原文"
    r"|skip (?:next|this|main) (?:section|content)\b.{0,60}"
    r"|share(?:\s+(?:this|on\s+\w+|via\s+\w+|article|link|copy link))*|share|print|email|copy link"
    r"|save|comments?|\d* comments?|like|follow(?: us)?(?: on \w+)?"
    r"|(?:read|show|see|view|load|find out) more|continue reading|click here|back to top"
    r"|skip (?:to|past) .{1,30}|subscribe(?: now)?|sign (?:up|in)|log in"
    r"|sponsored|promoted|ad|show key events only|(?:key|top|main) (?:events?"
    r"|points?|moments|developments)|at a glance|key takeaways"
    r"|all|sort by(?: .{1,12})?|newest(?: first)?|oldest(?: first)?"
    r"|(?:follow|watch) live|why you can trust \w+"
    r"|(?:this|our) live(?: ?blog| coverage| page) (?:is|has)(?: now)? (?:closed|ended|finished).{0,40}"
    r"|get involved|live reporting|live(?: blog| coverage| feed| updates?)?|latest updates?"
    r"|latest|most (?:read|viewed|popular)|related(?: topics| content| articles)?"
    r"|recommended|trending|what to read next|more on this(?: story)?|featured|tags?|topics?"
    r"|here['’]s (?:the latest|what .{1,40}|how .{1,40})|what (?:we know|to know"
    r"|you need to know)(?: so far)?|what we[’']re covering(?: here)?"
    r"|分享(?:至.{1,10}|文章|此文)?|列印|打印|收藏|轉載|转载|讚好?|留言|評論|复制链接|複製連結"
    r"|(?:廣告|广告)(?:\s*[(].{1,20})?|贊助|返回頂部|回頂部|回首頁|首頁"
    r"|(?:按此|點擊|点击|點此|點選|按我)?(?:閱讀|阅读|查看|看|睇|瀏覽|了解|展開|展开)?(?:全文"
    r"|更多|詳情|详情|完整內容|完整报道)|繼續閱讀|继续阅读|請?繼續往下(?:閱讀|看)|更多(?:新聞"
    r"|新闻|內容|相關報道)?"
    r"|字[體体]大小|[訂订][閱阅]電?电?[郵邮邮].{0,12}|(?:本報|本报|明報|明报)(?:記者|记者|訊|讯)|同場加映|責編|责编"
    r"|文|圖|图|實時報道|实时报道|即時(?:新聞|港聞|報道)|即时(?:新闻|报道)|最新消息列表|重點(?:一覽|事件)?"
    r"|以下[為为是](?:最新)?(?:內容|内容|消息|更新|報道|报道).{0,6}"
    r"|(?:人氣|熱門|热门|精選|精选|推薦|推荐|相關|编辑|編輯).{0,4}(?:精選文?|文章|新聞|新闻|推介"
    r"|推薦|推荐|排行)|上\s*/\s*下一篇(?:新聞|文章)?|[上下]一篇(?:新聞|文章)?",
    re.IGNORECASE,
)
# Match the beginning of a line.
_LABELS: Final = re.compile(
    r"(?:關鍵[字詞]|关键[字词]|標籤|标签|相關字詞|相关字词|話題|话题|tags?|topics?|keywords?"
    r"|filed under)\s*[:﹕/|]"
    r"|(?:分享|share)\s*:"
    r"|(?:版權所有|版权所有|©|\(c\)\s|copyright\b|all rights reserved|本網站|未經授權|未经授权"
    r"|不得轉載|不得转载|嚴禁轉載)"
    r"|.{0,8}(?:[報报]料|爆料|投稿|查[詢询])(?:[熱热][線线]|[電电][話话郵邮]|信箱)?\s*[:﹕]"
    r"|(?:支持|[贊赞]助|[課课]金|捐款|[訂订][閱阅])(?:我[們们]|本[報报網网台])\s*[:﹕]"
    r"|our standards:|(?:資料|资料|新聞|新闻|消息|圖片|图片)?(?:來源|来源)\s*(?:source)?\s*:|source:|via:"
    r"|(?:掃|扫|下載|下载|download|get)\s*(?:呢|這|这|此|the|our)?[^。.]{0,12}(?:code|qr|app)(?![a-z])"
    r"|[※★◎]?\s?(?:《[^《》]{1,10}》|\S{2,6}[網网報报])\s?(?:[關关]心|提醒)[您你]|自[殺杀]不能解[決决]|珍惜生命|.{0,12}(?:防止自[殺杀]|生命|情[緒绪]).{0,6}[熱热][線线]"
    r"|[請请]同意我們的|.{0,6}[隱隐][私]?私[權权]?(?:政策|聲明|声明|條款)"
    r"|please (?:turn on|enable) javascript|got a tv licen[cs]e|you need one to watch"
    r"|sign up (?:to|for)|subscribe to|follow (?:us|our)\b|download (?:the|our)\b"
    r"|(?:我們的|追蹤|关注|關注|訂閱|订阅|加入)(?:本報|本報|我們|我们|.{0,10}(?:頻道|频道|專頁"
    r"|专页|群組|公众号|電子報))"
    r"|(?:watch|listen|video|in pictures|gallery|podcast|live stream)\s*:",
    re.IGNORECASE,
)
_EMBEDS: Final = re.compile(
    r"(?:x|twitter|facebook|instagram|threads|微博)\s?(?:貼文|帖文|贴文|發文|帖子)|(?:tweet|post"
    r"|video) (?:by|from) @|embedded (?:tweet|post)|此\w{0,4}(?:貼文|推文)由",
    re.IGNORECASE,
)
_CREDITS: Final = re.compile(
    r"(?:(?:圖片|图片|视频|視頻|視覺|视觉|新媒體|新媒体|值班|執行|执行|見習|见习)?(?:編輯|编辑|主編|主编)|監審|监审"
    r"|撰文|採訪|采访|採寫|采写|編輯|编辑|編譯|编译|責任編輯|责任编辑|責編|责编|整理"
    r"|綜合報[導道]|综合报道|作者|文字|文|文、圖|文/圖|攝影|摄影|攝|審讀|审读|記者|记者|監製"
    r"|總編輯|总编辑|校對|校对)\s*[:/]\s*\S.{0,80}"
    r"|(?:記者|记者|編輯|编辑|編譯|编译|特派員|本報記者|本报记者|文字|撰文|主編|责任编辑"
    r"|責任編輯)\s*[^,。.!?:]{1,30}(?:[／/][^,。.!?:]{0,20})?(?:報導|報道|报道|攝|摄影|攝影|審讀"
    r"|审读|整理|撰文)[^,。]{0,40}"
    r"|(?:記者|记者|編輯|编辑|撰文|作者|特派員|特约记者)[\s:]\s*[^\s,。:]{2,4}(?:[、\s][^\s,。:]{2,4}){0,3}"
    r"|\S{2,8}[／/]\s*(?:記者|记者)[^,。.!?:]{1,30}"
    r"|\S{2,8}(?:記者|记者)\s+[^\s,。:]{2,4}(?:[、\s]+[^\s,。:]{2,6}){0,4}"
    r"|(?:\[[^\[\]]{1,6}\]\s*)?[(\[][^()\[\]]{0,20}(?:記者|记者|編輯|编辑|核稿)[^()\[\]]{1,20}[)\]]\s?\d{0,8}"
    r"|\(?(?:Reporting|Writing|Editing|Compiled|Additional reporting) by [^()。]{3,200}?"
    r"(?:[.;] ?(?:Writing|Editing|Compiled|Additional reporting) by [^()]{3,80})+\)?"
    r"|\((?:Reporting|Writing|Editing|Compiled|Additional reporting) by [^()]{3,200}\)"
    r"|From\s(?:the\s)?[A-Z][\w.]*['’]s\s[A-Z][\w.'’-]*(?:(?:,|\sand|,\sand)?\s[A-Z][\w.'’-]+){0,9}"
    r"(?:\sin\s[A-Z][^.!?]{1,40})?|From\s(?:the\s)?[A-Z]\w+(?:\s[A-Z]\w+)?\s(?:staff|reporters|teams?)"
    r"|(?:[A-Z][\w.'’-]+\s){1,3}\((?:now|earlier)\)(?:(?:[,;/]|\sand)?\s(?:[A-Z][\w.'’-]+\s){1,3}\((?:now|earlier)\))*"
    r"|(?i:by|edited by|reporting by|reported by|written by|words by|compiled by|produced by"
    r"|photo(?:s|graph)? by|image by|video by|additional reporting by|editing by)\s+"
    r"(?:[Tt]he\s)?[A-Z][\w.'’-]*(?:(?:,|\sand|\s&)?\s[A-Z][\w.'’-]+){0,9}(?:\s(?:staff|agencies|reporters))?(?:\s(?:in|for)\s.{1,30})?\.?"
    r"|[—–-]{1,2}\s*(?:by\s+)?(?:[A-Z][\w.'’-]*\.?\s){1,3}[A-Z][\w.'’-]+(?:\s(?:in|for|and)\s.{1,60})?",
)
_COLUMN: Final = r"(?:日期|[時时][間间]|事件|事[項项]|[內内]容|地[點点]|[經经][過过]|date|time|event)"
_NOTES: Final = re.compile(
    rf"{_COLUMN}(?:[\s|/]+{_COLUMN}){{1,4}}|"
    r"[+＋]?\d{1,6}|[+][^\s\d]{1,10}|:[a-z0-9_+-]+:\s?\d*|(?:[a-z]{2,4}-)?[a-z]{2,4}(?:/[a-z]{1,4}){1,4}|[^|。\d]{1,24}(?:\|[^|。\d]{1,24}){3,}|[^|。\d]{1,40}(?:\s\|\s[^|。\d]{1,40}){4,}|#\S{1,40}(?:\s+#\S{1,40})*|https?://\S+|[↓↑→←⬇⬆👇☟▼\s]+.{0,60}[↓↑→←⬇⬆👇☟▼]+"
    r"|[◤◢■□▌]+.{1,20}[◤◢◣◥■□]+|[^\s>]{1,16}(?:\s*[>»›]\s*[^\s>]{1,16}){1,5}"
    r"|[—–-]+\s*\[[^\[\]]{1,24}\][^。]{1,60}"
)
_CALLS: Final = re.compile(
    r"(?:👉|►|▶|▸|☞|👇|➡|>>+|>(?=\s?[^\s>]{2}))\s*.{1,80}[!?看多集篇覽載群道App]$"
    r"|.{0,50}(?:(?:馬上|马上|立即|立刻|即刻)(?:前往|下載|下载|睇|看|訂閱|加入)|請?按(?:此|[下上左右][圖图])|點此|点此"
    r"|點我|点我|按我|(?:請|请)(?:點擊|点击|按頁面|瀏覽)|點擊看|click here).{0,30}[:!。]?"
    r"|.{0,24}(?<![a-z])share(?![a-z]).{0,6}[!啦]+|[►▶▸\s]*下[載载]\s?app.{0,20}|.{0,30}app[看睇].{0,30}",
    re.IGNORECASE,
)
_PIN: Final = re.compile(r"(?:已?置[頂顶](?:[帖貼贴]?文)?|pinned(?: post| update)?)", re.IGNORECASE)


def is_pin(plain: str) -> bool:
    """Return whether a folded line is the label of a post that the page keeps at the top."""
    return len(plain) <= 20 and bool(_PIN.fullmatch(plain.strip(_MARKS + _PICTOGRAPHS)))


_OMITTED: Final = re.compile(
    r"(?:[^:]{1,24}:\s)?(?:(?:image|photo|video|audio|sticker|gif|media|document) omitted"
    r"|(?:[圖图]片|相片|影片|[視视][頻频]|[語语]音|[貼贴][圖图])已略去)",
    re.IGNORECASE,
)
_LABEL_OF_SUMMARY: Final = re.compile(
    r"what (?:we know|to know|you need to know)(?: so far)?|here['’]s .{1,40}|at a glance|key takeaways"
    r"|(?:key|top|main) (?:events?|points?|moments|developments)|(?:the )?latest(?: updates?)?"
    r"|重點(?:一覽|事件)?",
    re.IGNORECASE,
)


def is_label_of_summary(text: str) -> bool:
    """Return whether a line is a label such as `What we know`, which can also be the heading of an update."""
    return bool(_LABEL_OF_SUMMARY.fullmatch(text.strip(_MARKS)))


_PICTOGRAPHS: Final = "📌📍🔴🆕🔔🔥🚨⚡️"
_COUNT: Final = re.compile(r"[\d.,]+[kKmM萬万]?")
_MARKS: Final = " *_~#[](){}<>|/·•-–—=:.,…‧。"


def _is_row_of_buttons(core: str) -> bool:
    """Return whether a line is several buttons with or without their counts: `分享 收藏 留言 12`."""
    words = core.split() if len(core) <= _SHORT else []
    names = [word for word in words if not _COUNT.fullmatch(word)]
    return len(names) > 1 and all(map(_BUTTONS.fullmatch, names))


def reason_of(plain: str, text: str) -> str:
    """Return a short key for why a folded line is furniture, or an empty string if it is not.

    `text` is the original line. Sentences of coverage are never furniture.
    """
    if len(plain) > _LONGEST:
        return ""
    core = plain.strip(_MARKS + _PICTOGRAPHS)
    if not core:
        return "rule"
    if _BUTTONS.fullmatch(core) or _is_row_of_buttons(core):
        return "button"
    if _OMITTED.fullmatch(core):
        return "omitted"
    is_short = columns_of(text) <= _SHORT * 2
    if is_short and _EMBEDS.match(plain):
        return "embed"
    if _LABELS.match(plain.lstrip(_MARKS[:3])) and (is_short or not plain.endswith("。")):
        return "label"
    if is_short and not plain.endswith("。") and (_CREDITS.fullmatch(plain) or is_dateline(plain)):
        return "credit"
    if is_label_of_links(plain):
        return "label"
    if _NOTES.fullmatch(plain):
        return "note"
    is_sentence = plain.endswith(("。", ".", "」", "”"))
    return (
        "call"
        if columns_of(text) <= 100 and not is_sentence and _CALLS.fullmatch(plain.rstrip(" >»›"))
        else ""
    )


_AGENCIES: Final = r"AFP|AP|Reuters|Bloomberg|Xinhua|UPI|PA|PA Media|dpa|CNA|Kyodo|Yonhap|EFE|TASS|PTI|ANI"
_DATELINE: Final = re.compile(
    rf"[A-Z][\w .,'’-]{{1,60}}[(](?:{_AGENCIES})[)]\s*[-–—]*"
    r"|[^\s,。:]{2,14}\d{1,2}日[電电]\s*(?:[(][^()]{1,40}[)])?"
    r"|[(\[][^()\[\],。]{2,30}(?:日[電电]|[^者][報报][道導导]|[專专]?[訊讯])[)\]]"
    r"|[^\s,。:]{2,10}\s*[—–-]{1,2}"
)


def is_dateline(plain: str) -> bool:
    """Return whether a folded line is only a dateline: the place, day and agency that open a report."""
    return bool(_DATELINE.fullmatch(plain))


def is_agency(plain: str) -> bool:
    """Return whether a text is the name of a news agency."""
    return bool(re.fullmatch(_AGENCIES, plain))


_LABEL_OF_LINKS: Final = re.compile(
    r"(?:[相關关]{2}|延伸|更多|[推薦荐]{2}|[熱热][門门]).{0,4}(?:[報报][道導导]|文章|新[聞闻]|[閱阅][讀读])|同[場场]加映"
    r"|你可能(?:[還还]|也)?(?:想看|[有感][興兴]趣|[會会]喜[歡欢]).{0,4}"
    r"|(?:read (?:more|also|next)|see also|related|more on this|more stories|recommended|what to read next"
    r"|you (?:may|might) (?:also )?(?:like|enjoy))"
    r"(?:\s\w+){0,2}",
    re.IGNORECASE,
)


def is_label_of_links(plain: str) -> bool:
    """Return whether a folded line announces the titles of related stories below it."""
    return bool(_LABEL_OF_LINKS.fullmatch(plain.strip(_MARKS)))


_NOTICES: Final = re.compile(
    r"(?:版權所有|版权所有|©|copyright\b|all rights reserved|未經授權|未经授权|不得轉載|不得转载).*",
    re.IGNORECASE,
)


def is_notice(plain: str) -> bool:
    """Return whether a folded line is a copyright notice."""
    return len(plain) <= _LONGEST and not plain.endswith(("。", ".")) and bool(_NOTICES.fullmatch(plain))


_OUTLET: Final = re.compile(
    r".{0,8}(?:新聞網?|新闻网?|[^\s]網|[^\s]网|[日時时晚早明信晴的公][報报]|文[匯汇][報报]|[週周]刊"
    r"|[編编][輯辑]部|電視|电视|電台|电台|之音|之[聲声]|通[訊讯]社"
    r"|\b(?:news|times|post|tv))(?:[專专][訊讯]|live)?"
    r"|(?:the )?(?:bbc|cnn|sky|itv|abc|cbs|nbc|al jazeera|guardian|independent|telegraph|reuters"
    r"|associated press|ap|afp|bloomberg|am730|hk01|hkfp|scmp|rthk|standard)"
    r"(?: (?:news|live|sport|staff))*(?: live)?",
    re.IGNORECASE,
)


def is_scrap_of_head(plain: str) -> bool:
    """Return whether a folded line of the head is the name of a newspaper or broadcaster, or a mere label."""
    return is_outlet(plain) or plain.lower() == "summary"


def is_outlet(plain: str) -> bool:
    """Return whether a folded line is nothing but the name of a newspaper, an agency or a broadcaster."""
    return columns_of(plain) <= 24 and bool(_OUTLET.fullmatch(plain))


_SECTION: Final = re.compile(
    r"(?:最新消息|首[頁页]|兩岸|副刊|[評评][論论]|科技|地[產产])|(?:即[時时]|突[發发])?(?:新[聞闻]|港[聞闻]|要[聞闻]|社[會会]|政治|[國国][際际]|[兩两]岸|中[國国]|本地|法庭|[財财][經经]"
    r"|[體体]育|[娛娱][樂乐]|天[氣气]|生活|世界|本港)|突[發发]"
    r"|(?:hong kong|world|asia|china|uk|us|news|politics|law and crime|sport|business|weather|health)"
    r"(?: (?:news|politics))?",
    re.IGNORECASE,
)


def is_section(plain: str) -> bool:
    """Return whether a folded line is the name of a section of a site, or a row of such names."""
    names = plain.strip(_MARKS).split() if len(plain) <= _SHORT else []
    whole = bool(_SECTION.fullmatch(plain.strip(_MARKS)))
    return whole or (len(names) > 1 and all(map(_SECTION.fullmatch, names)))


_NAME: Final = re.compile(r"(?:[A-Z][\w.'’-]*\s){1,3}(?:and\s)?(?:[A-Z][\w.'’-]*\s){0,3}[A-Z][\w'’-]+")


def is_name(text: str) -> bool:
    """Return whether a line could be nothing but the names of one or two people."""
    return len(text) <= 60 and not text.isupper() and bool(_NAME.fullmatch(text))


def is_byline(text: str) -> bool:
    """Return whether a line names reporters with the word `By` before them."""
    return text[:3].lower() == "by " and is_name(text[3:])


_ROLE: Final = re.compile(
    r"\b(?:editor|reporter|correspondent|journalist|analyst|columnist|writer|producer|bureau chief|presenter"
    r"|[Rr]eporting from|in [A-Z][a-z]+)\b|記者|记者|編輯|编辑|特派員|特派员|主播",
)


def is_role(text: str) -> bool:
    """Return whether a short line could be the role or the place of a reporter."""
    return columns_of(text) <= 60 and not text.endswith((".", "。")) and bool(_ROLE.search(text))


_CAPTION: Final = re.compile(
    r"[(]?(?:[圖图照][片說说輯辑]?\d{0,2}|photos?|pictures?|caption|image)\s?[:/]\s*\S"
    r"|image (?:caption|source),\s*\S"
    r"|[▲△▼▽◆📷📸🖼](?=.{0,120}(?:[(][^()]*(?:圖|图|攝|摄|photo|照片)[^()]*[)]|[(][^()]{1,20}[)])\s*$)"
    r"|▲\s?\S",
    re.IGNORECASE,
)
_CAPTION_END: Final = re.compile(
    r"(?:[(](?:[^()]{0,40}(?:圖片|圖|图|攝|摄|拍攝|拍摄|剪接|視頻|截圖|截图|資料圖片|網上圖片"
    r"|提供)[^()]{0,40}|(?:路透|法新|美聯|新華|彭博|資料|网上|網上)社?圖?片?)[)]"
    r"|[(\[][^()\[\]]{0,30}\b(?:Photo|Image|Picture|Getty Images)s?\b[^()\[\]]{0,40}[)\]]"
    r"|[攝摄]\s\d{2,4}年\d{1,2}月\d{1,2}日"
    r"|\b(?:Photograph|Photo|Picture|Image|Illustration|Credit)s?:\s*[^.。]{2,80})[。.]?$"
)
_CAPTION_WHOLE: Final = re.compile(
    r"[(][^()]{1,40}[)]|[^,。.!?:;\s]{1,12}(?:圖片|图片|照片|相片|資料圖|截圖|截图)|(?:AP|AFP"
    r"|Reuters|Getty Images|EPA|PA|Bloomberg|Xinhua)(?:\s?/\s?\w+)? (?:photo|image)s?",
    re.IGNORECASE,
)


def is_caption(plain: str) -> bool:
    """Return whether a folded line is the caption or the credit of a picture."""
    if _CAPTION.match(plain) or (len(plain) <= 44 and _CAPTION_WHOLE.fullmatch(plain)):
        return True
    match = _CAPTION_END.search(plain, max(0, len(plain) - 100)) if len(plain) <= 160 else None
    # After a full stop, the credit belongs to a picture next to the text.
    return (
        match is not None
        and plain[: match.start()].rstrip()[-1:] not in ("。", "")
        and not plain.endswith("。")
    )


def has_credit(plain: str) -> bool:
    """Return whether a folded line ends with the credit of a picture: `…。(陳大文攝)`."""
    return bool(_CAPTION_END.search(plain, max(0, len(plain) - 100)))
