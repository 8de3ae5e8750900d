"""What groups are about, and how they say whom they want.

The topics here are for `dev`, and word lists may be written with them in sight; those of `test` are in
`testsets.group_topics_held_out`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the closed list. names: words for a group's name; sentences: of its description."""

    topic: str
    names: tuple[str, ...]
    sentences: tuple[str, ...]


def topics(table: str) -> tuple[Topic, ...]:
    """Lines of `topic|name,name|sentence|sentence`."""
    rows = (line.split("|") for line in table.strip().splitlines())
    return tuple(Topic(topic, tuple(names.split(",")), tuple(rest)) for topic, names, *rest in rows)


TOPICS = topics("""
테니스|테린이,테니스 한판|실내 코트 잡아서 테니스 쳐요|라켓만 들고 오시면 됩니다. 테니스 왕초보 환영
골프|골프 라운딩,스크린 골프|한 달에 한 번 필드 나가고 평소엔 스크린 골프 쳐요|골프채 없어도 연습장부터 같이 가요
배드민턴|배드민턴,민턴|체육관에서 배드민턴 복식 쳐요|셔틀콕은 모임에서 준비해요. 배드민턴 좋아하면 오세요
탁구|탁구,핑퐁|탁구대 두 대 빌려서 쳐요|탁구 초보도 드라이브 알려드려요
축구|풋살,조기축구|일요일 아침마다 축구 한 경기 뛰어요|풋살 팀 두 개로 나눠 경기해요
농구|농구,길농|공원 코트에서 3대3 농구 해요|농구공 튀길 힘만 있으면 됩니다
볼링|볼링,스트라이크|매주 목요일 볼링 세 게임 쳐요|볼링 에버 100이어도 괜찮아요
수영|수영,아침수영|새벽 자유수영 같이 다녀요|수영 자세 서로 봐줘요
러닝|러닝크루,달리기|강변을 5km 달려요|마라톤 대회 나가려고 같이 뛰어요
등산|등산,산행|매주 근교 산에 올라요|산 정상에서 김밥 먹는 등산 모임입니다
자전거|라이딩,자전거|주말에 자전거 타고 강변길을 달려요|로드 자전거 장거리 라이딩 나가요
헬스|헬스,쇠질|헬스장에서 서로 자세 봐주며 운동해요|벤치프레스 기록 올리는 게 목표인 헬스 모임
요가|요가,필라테스|아침 요가 한 시간 해요|매트 깔고 요가로 몸 풀어요
클라이밍|클라이밍,볼더링|실내 암장에서 볼더링 해요|클라이밍 화는 빌릴 수 있어요
댄스|댄스,방송댄스|연습실 빌려서 춤 연습해요|한 달에 한 곡씩 안무 배우는 댄스 모임
낚시|낚시,배스낚시|새벽에 저수지로 낚시 갑니다|낚시 장비 같이 쓰고 손맛 봐요
캠핑|캠핑,차박|한 달에 한 번 캠핑장에서 1박 해요|텐트 치고 불멍하는 캠핑 모임이에요
여행|여행,당일치기|분기마다 국내 여행 가요|계획 짜서 같이 여행 다니실 분
드라이브|드라이브,야간 드라이브|퇴근 후 차 타고 야경 드라이브 해요|교외로 드라이브 다녀요
카페투어|카페투어,카페탐방|새로 생긴 카페를 돌아다녀요|예쁜 카페 찾아다니며 커피 마셔요
맛집탐방|맛집,먹방|매주 맛집 하나씩 가봐요|줄 서는 식당 같이 줄 서서 먹어요
와인|와인,위스키|와인 한 병씩 들고 와서 나눠 마셔요|위스키와 와인 시음해요
요리|요리,집밥|공유주방에서 같이 요리해요|제철 재료로 반찬 만드는 요리 모임
베이킹|베이킹,홈베이킹|오븐 있는 공방에서 빵을 구워요|쿠키 굽는 베이킹 모임이에요
독서|독서,책모임|한 달에 책 한 권 읽고 이야기해요|독서 기록 나누는 책모임입니다
글쓰기|글쓰기,에세이|매주 글 한 편 써서 나눠 읽어요|에세이 합평하는 글쓰기 모임
외국어|영어회화,일본어|카페에서 영어로만 대화해요|일본어 회화 연습하는 외국어 모임
스터디|스터디,자격증|자격증 시험 같이 준비해요|각자 공부하고 인증하는 스터디입니다
재테크|재테크,주식|주식과 부동산 공부해요|가계부 쓰고 돈 모으는 재테크 모임
개발|코딩,개발자|사이드 프로젝트 같이 코딩해요|프로그래밍 배우는 개발 모임
사진|출사,사진|주말 출사 나가서 서로 사진 찍어줘요|카메라 들고 골목 사진 찍어요
그림|드로잉,그림|카페에서 각자 그림 그려요|수채화 드로잉 해요
공예|뜨개질,도자기|실과 바늘로 뜨개질 해요|물레 돌려 도자기 만들어요
악기|기타,밴드 합주|합주실 빌려 밴드 합주해요|기타 코드부터 같이 배워요
노래|노래방,합창|코인노래방 가서 목 풀어요|합창곡 연습해서 노래해요
공연|뮤지컬,연극|대학로 연극과 뮤지컬 같이 봐요|공연 단체 예매해서 보러 가요
영화|영화,시네마|매주 영화 보고 감상 나눠요|조조 영화 보고 이야기해요
보드게임|보드게임,보겜|보드게임 카페에서 마피아와 전략 게임 해요|카탄 같은 보드게임 하는 모임
게임|롤,콘솔게임|롤 내전 하고 디스코드로 떠들어요|닌텐도 게임 같이 해요
반려동물|멍멍이,댕댕이|강아지 데리고 공원에서 만나요|반려견 사회화 모임입니다
육아|육아,맘|아기 키우는 이야기 나눠요|육아용품 물려주고 키즈카페 같이 가요
산책|산책,걷기|저녁 먹고 동네 한 바퀴 걸어요|만보 걷기 산책 모임
봉사|봉사,유기견|보육원에 봉사 다녀요|유기견 보호소 봉사활동 해요
원예|식물,텃밭|베란다 식물 키우는 이야기 나눠요|텃밭에 상추 심고 가꿔요
친목|또래,동네친구|특별한 주제 없이 수다 떠는 친목 모임|동네 친구 사귀는 친목방이에요
""")

ENGLISH = topics("""
테니스|tennis|We play tennis on indoor courts|Bring a racket, tennis beginners welcome
축구|football,futsal|We play football every Sunday|Two futsal teams, friendly games
러닝|running crew|We run 5k along the river|Training together for a marathon run
등산|hiking|We hike a mountain every weekend|Easy hikes near the city
카페투어|cafe tour|We visit a new cafe every week|Coffee and cafe hopping
맛집탐방|foodies|We try a new restaurant every Friday|Eating out at famous restaurants
독서|book club|We read one book a month|A book club with tea
외국어|language exchange|Korean and English language exchange|Practice speaking English over coffee
보드게임|board games|Board games every Thursday night|We play strategy board games
사진|photo walk|We take photos in old alleys|Bring a camera for a photo walk
여행|travel|Day trips around Korea|We travel together every month
영화|movies|We watch a movie and talk about it|Movie nights with popcorn
클라이밍|climbing|Bouldering at the indoor gym|Climbing beginners welcome
악기|band|We rehearse as a band|Guitar and drums, jam sessions
""")

AGES: tuple[tuple[str, int | None, int | None], ...] = (
    ("2030", 20, 39), ("3040", 30, 49), ("20대", 20, 29), ("30대", 30, 39), ("40대", 40, 49), ("50대 이상", 50, None),
    ("20대 후반~30대 초반", 27, 33), ("30대 중반", 34, 36), ("25~35세", 25, 35), ("40대~60대", 40, 69), ("88~97년생", 29, 38),
    ("30세 이상", 30, None), ("45세 이하", None, 45), ("5060", 50, 69), ("95년생부터", None, 31), ("19세 이상", 19, None),
)  # fmt: skip
"""Words, least age, most age; years of birth as of 2026."""
ENGLISH_AGES: tuple[tuple[str, int | None, int | None], ...] = (
    ("20s", 20, 29), ("30s", 30, 39), ("20s to 40s", 20, 49), ("ages 25 to 40 years old", 25, 40), ("over 50 years old", 50, None),
)  # fmt: skip
ANY_AGE = ("나이 무관", "연령 제한 없어요", "나이 상관없이 오세요")
GENDERS = {
    "women": ("여성분만 받아요", "여자만 가입 가능", "여성 전용 모임입니다"),
    "men": ("남성분만 모집해요", "남자들끼리 편하게 해요", "남성 전용입니다"),
    "any": ("남녀 모두 환영해요", "성별 무관", "혼성 모임이에요"),
}
ENGLISH_GENDERS = {"women": ("Women only",), "men": ("Men only",), "any": ("All genders welcome",)}
CHATTER = (
    "가입 인사 남겨주세요",
    "노쇼는 강퇴입니다",
    "회비는 만 원이에요",
    "단톡방은 승인 후 초대해요",
    "광고 계정은 내보내요",
    "현재 회원 28명이에요",
    "매주 토요일 2시에 모여요",
)
PLACES = ("분당", "망포", "수유", "서면", "유성", "송도", "상무", "수성", "노형", "부천", "일산", "평촌")
