/**
 * What goes over the wire: the one place. The server validates and documents from these schemas; the n8n nodes import
 * their types and nothing else.
 */
import type { z } from 'zod';
import type * as access from './access';
import type * as customers from './customers';
import type * as operations from './operations';
import type * as plans from './plans';
import type * as providers from './providers';
import type * as reports from './reports';

export * from './access';
export * from './amounts';
export * from './customers';
export * from './decimals';
export * from './errors';
export * from './operations';
export * from './plans';
export * from './providers';
export * from './reports';

export type Customer = z.output<typeof customers.customer>;
export type CustomerCreate = z.output<typeof customers.customerCreate>;
export type CustomerUpdate = z.output<typeof customers.customerUpdate>;
export type SettingsPatch = z.output<typeof customers.settingsPatch>;
export type Partner = z.output<typeof customers.partner>;
export type ExchangeRate = z.output<typeof customers.exchangeRate>;
export type PartnerCreate = z.output<typeof customers.partnerCreate>;
export type PartnerUpdate = z.output<typeof customers.partnerUpdate>;
export type Balance = z.output<typeof customers.balance>;
export type Threshold = z.output<typeof customers.threshold>;
export type Mapping = z.output<typeof customers.mapping>;
export type Rounding = z.output<typeof customers.rounding>;
export type RateVersion = z.output<typeof customers.rateVersion>;
export type Grant = z.output<typeof operations.grant>;
export type Operation = z.output<typeof operations.operation>;
export type DeductionRequest = z.input<typeof operations.deduction>;
export type DeductionResult = z.output<typeof operations.deductionResult>;
export type Authorization = z.output<typeof operations.authorization>;
export type Receipt = z.output<typeof operations.receipt>;
export type Statement = z.output<typeof operations.statement>;
export type StatementLine = z.output<typeof operations.statementLine>;
export type SuspendedCall = z.output<typeof operations.suspendedCall>;
export type TopUpRequest = z.input<typeof operations.topUp>;
export type Plan = z.output<typeof plans.plan>;
export type PlanCreate = z.output<typeof plans.planCreate>;
export type PlanApplyRequest = z.input<typeof plans.planApply>;
export type UsageRow = z.output<typeof reports.usageRow>;
export type UsageReport = z.output<typeof reports.usageReport>;
export type MarginRow = z.output<typeof reports.marginRow>;
export type MarginReport = z.output<typeof reports.marginReport>;
export type Scope = z.output<typeof access.scope>;
export type ApiKey = z.output<typeof access.apiKey>;
export type Provider = z.output<typeof providers.provider>;
export type Endpoint = z.output<typeof providers.endpoint>;
export type Delivered = z.output<typeof providers.delivered>;
export type DeliveredDetail = z.output<typeof providers.deliveredDetail>;
export type EndpointSettings = z.output<typeof providers.endpointSettings>;
export type WhoAmI = z.output<typeof access.whoAmI>;
export type Problem = z.output<typeof access.problem>;
