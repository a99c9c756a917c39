/** Opens the form of a page to pay on; its value is the customer's id, or ''. */
export const PAY_LINK = 'talktime_pay_link';
/** The same for a plan, by its id. */
export const BUY_PLAN = 'talktime_buy_plan';
