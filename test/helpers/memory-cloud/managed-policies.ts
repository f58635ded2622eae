const names = ['SageMaker', 'Sagemaker', 'sagemaker'];
const anyRole = names.map((name) => `arn:aws:iam::*:role/*${name}*`);

/** Policies that AWS manages; those of the first two are all, or the ones that matter here, of their statements. */
export const managedPolicies = [
  {
    name: 'AmazonSageMakerEdgeDeviceFleetPolicy',
    arn: 'arn:aws:iam::aws:policy/service-role/AmazonSageMakerEdgeDeviceFleetPolicy',
    document: {
      Version: '2012-10-17',
      Statement: [
        { Sid: 'DeviceS3Access', Effect: 'Allow', Action: ['s3:PutObject', 's3:GetBucketLocation'], Resource: names.map((name) => `arn:aws:s3:::*${name}*`) },
        { Sid: 'SageMakerEdgeApis', Effect: 'Allow', Action: ['sagemaker:SendHeartbeat', 'sagemaker:GetDeviceRegistration'], Resource: '*' },
        { Sid: 'CreateIoTRoleAlias', Effect: 'Allow', Action: ['iot:CreateRoleAlias', 'iot:DescribeRoleAlias', 'iot:UpdateRoleAlias', 'iot:ListTagsForResource', 'iot:TagResource'], Resource: ['arn:aws:iot:*:*:rolealias/SageMakerEdge*'] },
        { Sid: 'CreateIoTRoleAliasIamPermissionsGetRole', Effect: 'Allow', Action: ['iam:GetRole'], Resource: anyRole },
        {
          Sid: 'CreateIoTRoleAliasIamPermissionsPassRole',
          Effect: 'Allow',
          Action: ['iam:PassRole'],
          Resource: anyRole,
          Condition: { StringEqualsIfExists: { 'iam:PassedToService': ['iot.amazonaws.com', 'credentials.iot.amazonaws.com'] } },
        },
      ],
    },
  },
  {
    name: 'AmazonSageMakerFullAccess',
    arn: 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess',
    document: {
      Version: '2012-10-17',
      Statement: [
        { Sid: 'AllowAllNonAdminSageMakerActions', Effect: 'Allow', Action: ['sagemaker:*', 'sagemaker-geospatial:*'], NotResource: ['domain', 'user-profile', 'app', 'space'].map((kind) => `arn:aws:sagemaker:*:*:${kind}/*`) },
        { Sid: 'AllowS3ObjectActions', Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], Resource: [...names, 'aws-glue'].map((name) => `arn:aws:s3:::*${name}*`) },
        { Sid: 'AllowS3BucketActions', Effect: 'Allow', Action: ['s3:CreateBucket', 's3:GetBucketLocation', 's3:ListBucket', 's3:ListAllMyBuckets', 's3:GetBucketCors', 's3:PutBucketCors'], Resource: '*' },
        { Sid: 'AllowPassRoleToSageMaker', Effect: 'Allow', Action: ['iam:PassRole'], Resource: 'arn:aws:iam::*:role/*AmazonSageMaker*', Condition: { StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' } } },
      ],
    },
  },
  { name: 'AdministratorAccess', arn: 'arn:aws:iam::aws:policy/AdministratorAccess', document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } },
  { name: 'AmazonS3ReadOnlyAccess', arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', document: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'], Resource: '*' }] } },
] as const;
