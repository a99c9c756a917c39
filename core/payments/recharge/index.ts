export { rechargeIfDue, type Recharged } from './attempt';
export * from './confirm';
export { RECHARGE_CHANNEL, rechargeQueue } from './queue';
export { getAutoRecharge, setAutoRecharge } from './settings';
